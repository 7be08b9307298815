"""The card beside an exported file: what it is, how good it is, how to use it. Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.records import words

if TYPE_CHECKING:
    from tuner.exports.facts import Exported

NAMES = {"keras": "Keras", "tflite": "TFLite", "onnx": "ONNX"}
HOW_ACTIVATIONS = (
    "Activations are estimated from the layer graph, for one image: the sum of all tensors that "
    "are alive together at the worst moment, where a layer that maps each value writes over its "
    "input. Weights and a kernel's scratch memory come on top."
)


def kind(made: Exported) -> str:
    """``TFLite, int8``."""
    return f"{NAMES[made.format]}, {'int8' if made.int8 else 'float32'}"


def size(made: Exported) -> str:
    """Parameters and multiply-accumulates."""
    facts = made.facts
    return (
        f"{words.count(facts.size)} trainable parameters ({words.count(facts.total_size)} total), "
        f"{words.count(facts.macs)} MACs an image"
    )


def activations(made: Exported) -> str:
    """Memory of the activations at the peak."""
    if made.facts.activations is None:
        return "unknown: the model has no layer graph"
    number = "int8" if made.int8 else "float32"
    return f"about {words.count(made.facts.activations)} bytes at the peak ({number}, one image)"


def accuracy(made: Exported) -> str:
    """What the file itself reaches, beside the Keras model."""
    found = made.facts.measured
    if found is None:
        return "not measured"
    own, agreed = (words.percent(a, 2) for a in (found.accuracy, found.agreement))
    same = "" if made.format == "keras" else f", the same class for {agreed} of them"
    return (
        f"{own} on the {found.which} images ({words.count(found.images)}, {found.runtime}); "
        f"the Keras model {words.percent(found.keras_accuracy, 2)}{same}"
    )


def warning(made: Exported) -> str | None:
    """That the file is worse than the model by more than a point, where it is."""
    found = made.facts.measured
    if found is None or not found.loses_more_than_a_point:
        return None
    advice = "; export without --int8 to keep it" if made.int8 else ""
    return (
        f"this file loses {words.points(found.lost)} of accuracy against the Keras model, "
        f"more than a point{advice}"
    )


def card(made: Exported) -> str:
    """The whole card."""
    study = made.record
    stored = study.data[made.source.dataset]
    rows = _rows(made)
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows.items())
    classes = "\n".join(f"{i}. {name}" for i, name in enumerate(map(str, stored["classes"])))
    return f"""# {made.file.name}

{study.question or study.name} Found by tuner, study `{study.name}`.

| | |
|---|---|
{table}

## Load and classify

```python
{snippet(made)}
```
{_own_layers(made)}
## Classes, in label order

{classes}

## About the numbers

{HOW_ACTIVATIONS}
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
        "accuracy": accuracy(made) + (f". **Beware: {bad}.**" if bad else ""),
        "this model": source.verdict(study.name),
        "its recipe": source.recipe_verdict,
        "input": f"uint8 images {_shape(made, 'n')}, 0 to 255; no preprocessing needed",
        "output": f"a score for each class, [n, {len(stored['classes'])}], the highest wins"
        + ("; uint8, 256 times the probability" if _quantised_output(made) else ""),
        "trained": f"trial {source.trial.number}, seed {source.seed}, {_epochs(made)}",
        "data": f"{stored['name']}, hash `{stored['hash']}`",
        "versions": ", ".join(f"{k} {v}" for k, v in made.facts.versions.items()),
    }


def snippet(made: Exported) -> str:
    """Five lines that classify ``image.png``."""
    height, width, channels = made.facts.image_shape
    mode = "L" if channels == 1 else "RGB"
    imports, scores = {
        "keras": (
            "import keras, numpy, PIL.Image",
            f"keras.models.load_model({made.file.name!r}).predict(images)[0]",
        ),
        "tflite": (
            "import numpy, PIL.Image, ai_edge_litert.interpreter as litert",
            f"litert.Interpreter({made.file.name!r}).get_signature_runner()(images=images)"
            '["output_0"][0]',
        ),
        "onnx": (
            "import numpy, PIL.Image, onnxruntime",
            f"onnxruntime.InferenceSession({made.file.name!r})"
            '.run(None, {"images": images})[0][0]',
        ),
    }[made.format]
    classes = [str(c) for c in made.record.data[made.source.dataset]["classes"]]
    return "\n".join(
        [
            imports,
            f'image = PIL.Image.open("image.png").convert("{mode}").resize(({width}, {height}))',
            f"images = numpy.asarray(image).reshape({_shape(made, '1')[1:-1]})",
            f"scores = {scores}",
            f"print({classes}[scores.argmax()])",
        ]
    )


def _own_layers(made: Exported) -> str:
    if made.format != "keras" or not made.facts.own_layers:
        return ""
    space = made.record.study["space"]
    return (
        f"\nThe model has layers of its own: give `load_model` the classes of `{space}` as "
        "`custom_objects`, or import it before where they are registered with Keras.\n"
    )


def _quantised_output(made: Exported) -> bool:
    return made.int8 and made.format == "tflite"


def _epochs(made: Exported) -> str:
    return words.several(made.source.epochs, "epoch")


def _shape(made: Exported, batch: str) -> str:
    return "[" + ", ".join([batch, *map(str, made.facts.image_shape)]) + "]"


def _cell(value: str) -> str:
    return " ".join(value.split()).replace("|", "\\|")
