"""The card beside an exported file: what it is, how good it is, how to use it. Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.exports import usage
from tuner.records import words

if TYPE_CHECKING:
    from tuner.exports.facts import Exported

NAMES = {"keras": "Keras", "tflite": "TFLite", "onnx": "ONNX"}
HOW_ACTIVATIONS = (
    "Activations are estimated from the layer graph, for one {example}: the sum of all tensors "
    "that are alive together at the worst moment, where a layer that maps each value writes over "
    "its input. Weights and a kernel's scratch memory come on top."
)


def kind(made: Exported) -> str:
    """``TFLite, int8``."""
    return f"{NAMES[made.format]}, {'int8' if made.int8 else 'float32'}"


def size(made: Exported) -> str:
    """Parameters and multiply-accumulates."""
    facts = made.facts
    return (
        f"{words.count(facts.size)} trainable parameters ({words.count(facts.total_size)} total), "
        f"{words.count(facts.macs)} MACs {an_example(made)}"
    )


def activations(made: Exported) -> str:
    """Memory of the activations at the peak."""
    if made.facts.activations is None:
        return "unknown: the model has no layer graph"
    number, name = "int8" if made.int8 else "float32", example(made)
    return f"about {words.count(made.facts.activations)} bytes at the peak ({number}, one {name})"


def accuracy(made: Exported) -> str:
    """What the file itself reaches, beside the Keras model."""
    found = made.facts.measured
    if found is None:
        return "not measured"
    own, keras = (found.measures.written(a, 2) for a in (found.accuracy, found.keras_accuracy))
    same = ""
    if made.format != "keras" and found.agreement is not None:
        same = f", the same class for {words.percent(found.agreement, 2)} of them"
    return (
        f"{own} on the {found.which} {example(made)}s ({words.count(found.images)}, "
        f"{found.runtime}); the Keras model {keras}{same}"
    )


def example(made: Exported) -> str:
    """What the file takes: ``image`` or ``example``."""
    return "image" if made.facts.inputs.images else "example"


def an_example(made: Exported) -> str:
    """The same with its article."""
    return f"an {example(made)}"


def warning(made: Exported) -> str | None:
    """That the file is worse than the model by more than a point, where it is."""
    found = made.facts.measured
    if found is None or not found.loses_more_than_a_point:
        return None
    advice = "; export without --int8 to keep it" if made.int8 else ""
    metric = found.measures
    more = "a point" if metric.is_share else "a hundredth of it"
    return (
        f"this file loses {metric.difference(found.lost)} of {metric.title} against the Keras "
        f"model, more than {more}{advice}"
    )


def card(made: Exported) -> str:
    """The whole card."""
    study = made.record
    stored = study.data[made.source.dataset]
    rows = _rows(made)
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items())
    names = list(map(str, stored["classes"]))
    classes = "\n".join(f"{i}. {name}" for i, name in enumerate(names))
    listed = f"## Classes, in label order\n\n{classes}\n\n" if names else ""
    load = "classify" if names else "predict"
    about = HOW_ACTIVATIONS.format(example=example(made))
    return f"""# {made.file.name}

{study.question or study.name} Found by tuner, study `{study.name}`.

| | |
|---|---|
{table}

## Load and {load}

```python
{usage.snippet(made)}
```
{_own_layers(made)}
{listed}## About the numbers

{about}
"""


def _rows(made: Exported) -> dict[str, str]:
    study, source = made.record, made.source
    stored = study.data[source.dataset]
    bad = warning(made)
    return {
        "format": kind(made),
        "size": size(made),
        "on disk": f"{words.count(made.facts.bytes)} bytes",
        "activations": activations(made),
        _measure(made): accuracy(made) + (f". **Beware: {bad}.**" if bad else ""),
        "this model": source.verdict(study.name),
        "its recipe": source.recipe_verdict,
        "input": usage.taken(made),
        "output": usage.given(made, len(stored["classes"]), int(stored.get("outputs", 1))),
        "trained": f"trial {source.trial.number}, seed {source.seed}, {_epochs(made)}",
        "data": f"{stored['name']}, hash `{stored['hash']}`",
        "versions": ", ".join(f"{k} {v}" for k, v in made.facts.versions.items()),
    }


def _measure(made: Exported) -> str:
    measured = made.facts.measured
    return made.record.metric.title if measured is None else measured.measures.title


def _own_layers(made: Exported) -> str:
    if made.format != "keras" or not made.facts.own_layers:
        return ""
    space = made.record.study["space"]
    return (
        f"\nThe model has layers of its own: give `load_model` the classes of `{space}` as "
        "`custom_objects`, or import it before where they are registered with Keras.\n"
    )


def _epochs(made: Exported) -> str:
    return words.several(made.source.epochs, "epoch")


def _cell(value: str) -> str:
    return " ".join(value.split()).replace("|", "\\|")
