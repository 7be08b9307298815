"""What there is to choose from: studies, search spaces, data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from tuner.basics import environment
from tuner.data.kinds import kind_from, shape_words
from tuner.records import words
from tuner.records.questions import question_of
from tuner.specs.spec import SearchStudy, Study
from tuner.views.layout import facts, table

if TYPE_CHECKING:
    from tuner.data import DataSet


def asked(spec: Study) -> str:
    """What a study asks, of the data that its file names."""
    target = spec.target if isinstance(spec, SearchStudy) else None
    return question_of(spec.question, spec.datasets(), target, spec.horizon, spec.measured)


def studies_table(specs: Sequence[Study], done: Sequence[str]) -> RenderableType:
    """One row a built-in study; `done` are the studies with results."""
    made = table("study", "target", "what it asks")
    for spec in specs:
        own = [n for n in done if n.partition("@")[0] == spec.name or n.startswith(f"{spec.name}-")]
        facts = [f"data: {', '.join(spec.datasets())}"]
        goal = "sweep"
        if isinstance(spec, SearchStudy):
            goal = words.aimed(spec.measured, spec.target)
            facts.append(f"reference: {spec.reference_name}")
        else:
            facts.append(
                f"{words.several(len(spec.cells()), 'configuration')} x "
                f"{words.several(spec.seeds, 'seed')}"
            )
        if own:
            facts.append(f"results: {', '.join(own)}")
        asks = Text.assemble(asked(spec), ("\n" + "; ".join(facts), "dim"))
        made.add_row(Text(spec.name, style="bold"), goal, asks)
    return made


def spaces_view(spaces: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Search spaces as `tuner.spaces.description` describes them."""
    parts: list[RenderableType] = []
    for space in spaces:
        made = table("hyperparameter", "range", "default")
        for each in space["hyperparameters"]:
            made.add_row(Text(each["name"]), each["range"], words.value(each["default"]))
        parts += [Text(space["space"], style="bold"), Text(space["doc"])]
        if options := space["options"]:
            given = ", ".join(f"{name} = {json.dumps(v)}" for name, v in options.items())
            parts.append(Text(f"space_options: {given}"))
        parts.append(made)
        if not space["complete"]:
            parts.append(Text("There may be more: only its default configuration was built."))
    return Group(*parts)


def sources_view() -> RenderableType:
    """What ``--data`` takes, and what is cached."""
    from tuner.data.sources import SOURCES

    made = table("--data", "what it is")
    for source in SOURCES:
        for name, what in source.described.items():
            made.add_row(name, what)
    folder = environment.cache_folder()
    held = cached(folder)
    lines = [Text(f"cached in {folder}", style="bold")]
    lines += [Text(f"  {line}") for line in held] or [Text("  nothing yet")]
    return Group(made, *lines)


def cached(folder: Path) -> list[str]:
    """A line for each decoded data set in the cache."""
    lines = []
    for meta in sorted((folder / "data").glob("*/meta.json")):
        try:
            fields = json.loads(meta.read_text())
            kind = kind_from(fields["image_shape"], fields.get("dtype", "uint8"))
            shape = shape_words(kind)
            total = words.megabytes(sum(fields["bytes"].values()))
            amounts = fields.get("task") == "regression"
            answers = "amounts" if amounts else f"{len(fields['classes'])} classes"
            lines.append(
                f"{fields['hash'][:12]}  {answers}, {shape}, "
                f"{words.count(fields['train_size'])} training {kind.plural}, {total}"
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return lines


def data_view(data: DataSet) -> RenderableType:
    """What is in a data set."""
    from tuner.data import look, notes_on

    fields = {"classes": data.classes, **look.facts_of(data)}
    plural = data.kind.plural
    kept = "its own" if data.own_validation else f"kept back from the training {plural}"
    sides = " (height x width)" if plural == "images" else ""
    rows = {"name": data.name, "source": data.source}
    if data.task == "classification":
        rows["classes"] = f"{len(data.classes)}: {', '.join(data.classes)}"
        rows["balance"] = look.balance(fields)
    else:
        rows["answers"] = look.amounts(fields)
    rows |= {
        plural: f"{data.kind.described()}{sides}",
        "training": words.count(data.train_size),
        "validation": f"{words.count(data.validation_size)}, {kept}",
        "test": f"{words.count(data.test_size)}, not read during a search",
    }
    if sizes := look.class_rows(fields):
        rows["of each class"] = f"training + validation + test: {'; '.join(sizes)}"
    if data.weighted:
        rows["weights"] = "given: how much each example counts in training"
    if data.pipeline:
        rows["read"] = "by the iterators of your function, through Keras's fit"
    rows |= {"hash": data.hash, "cached in": str(data.folder)}
    notes = [("note", Text(note)) for note in notes_on(data)]
    return facts([*((name, Text(what)) for name, what in rows.items()), *notes])
