"""What ``tuner export`` says of the file that it wrote."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from tuner.exports import card
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records import words
from tuner.views.events import VERSION, proof_object
from tuner.views.layout import facts, short_path

if TYPE_CHECKING:
    from tuner.exports.facts import Exported, Measured
    from tuner.exports.inputs import Inputs


def exported(made: Exported) -> RenderableType:
    """The file, its numbers, and what stands behind them."""
    source = made.source
    rows = [
        (
            "file",
            Text(f"{short_path(made.file)}, {words.count(made.facts.bytes)} bytes", style="bold"),
        ),
        ("card", Text(short_path(made.card))),
        ("from", Text(short_path(source.file))),
        ("model", Text(card.size(made))),
        ("activations", Text(card.activations(made))),
        (made.record.metric.title, Text(card.accuracy(made))),
    ]
    if (bad := card.warning(made)) is not None:
        rows.append(("", Text(f"Beware: {bad}.", style="bold red")))
    rows.append(
        ("", Text(source.verdict(made.record.name), style="" if source.certified else "yellow"))
    )
    rows.append(("", Text(f"its recipe: {source.recipe_verdict}")))
    headline = f"{made.record.name}: trial {source.trial.number} as {card.kind(made)}"
    return Group(Text(headline, style="bold"), facts(rows))


def exported_object(made: Exported) -> dict[str, Any]:
    """The same as JSON."""
    source, facts = made.source, made.facts
    stored = made.record.data[source.dataset]
    measured = facts.measured
    return {
        "v": VERSION,
        "study": made.record.name,
        "trial": source.trial.number,
        "format": made.format,
        "int8": made.int8,
        "file": str(Path(made.file)),
        "card": str(made.card),
        "model_file": str(source.file),
        "proof": proof_object(made.record, source.trial),
        "verdict": source.verdict(made.record.name),
        "seed": source.seed,
        "size": facts.size,
        "total_size": facts.total_size,
        "macs": facts.macs,
        "bytes": facts.bytes,
        "activations": facts.activations,
        "input_shape": _shapes(facts.inputs),
        "classes": list(stored["classes"]),
        "data_hash": stored["hash"],
        "measured": None if measured is None else _measured(measured),
        "warning": card.warning(made),
        "versions": dict(facts.versions),
    }


def _shapes(inputs: Inputs) -> Any:
    """Of the file's input, the batch first; of several by name."""
    if inputs.single:
        return [None, *inputs.shape]
    return {name: [None, *shape] for name, shape in inputs.shapes.items()}


def _measured(found: Measured) -> dict[str, Any]:
    """What was measured, by the metric's own name; of accuracy as every version had it."""
    fields = dataclasses.asdict(found)
    del fields["metric_direction"]
    key = found.measures.key
    names = {"accuracy": key, "keras_accuracy": f"keras_{key}"}
    made = {names.get(name, name): value for name, value in fields.items()}
    if found.metric == DEFAULT_METRIC.name:
        del made["metric"]
    return made
