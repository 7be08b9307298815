"""How far studies are: a table of all, or one in full."""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.trial import TrialState
from rich.console import Group, RenderableType
from rich.text import Text

from tuner.data.kinds import shape_words, stored_kind
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages import heartbeats
from tuner.views.headings import counts
from tuner.views.layout import LOUD, data_names, facts, table
from tuner.views.trial_lines import curve
from tuner.views.trials import sweep_table


def overview(studies: Sequence[optuna.Study]) -> RenderableType:
    """One row a study."""
    numbers = ("target", "trained", "size", "total", "accuracy", "smaller")
    dispensable = ("total", "trained", "data", "target", "smaller")
    made = table("study", "data", *numbers, numbers=numbers, dispensable=dispensable)
    remarks = []
    for study in studies:
        record = StudyRecord.of(study)
        best = record.incumbent if record.target is not None else None
        times = None if best is None else record.times_smaller(best)
        if now := len(running(study)[0]):
            remarks.append(f"{record.name}: {words.several(now, 'trial')} training now")
        if other := record.stand_in:
            remarks.append(f"{record.name}: made on {other}")
        made.add_row(
            Text(record.name),
            data_names(record),
            words.aimed(record.metric, record.target) if record.target is not None else "sweep",
            words.count(len(record.trained)),
            "" if best is None else words.count(best.size),
            "" if best is None else words.count(best.total_size),
            "" if best is None else best.metric.written(best.val_measured),
            "" if times is None else f"{words.times(times)}x",
        )
    explained = Text(
        "size: trainable parameters of the smallest model that met the target, total: all of them, "
        "smaller: than the reference"
    )
    return Group(made, explained, *(Text(r) for r in remarks))


def running(study: optuna.Study) -> tuple[list[TrialRecord], list[TrialRecord]]:
    """The trials now training, and those whose worker has died."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    lives = {t.number: heartbeats.seems_alive(t) for t in trials}
    records = [TrialRecord.of(t) for t in trials]
    return [t for t in records if lives[t.number]], [t for t in records if not lives[t.number]]


def status(study: optuna.Study) -> RenderableType:
    """How far one study is."""
    record = StudyRecord.of(study)
    alive, stale = running(study)
    rows: list[tuple[str, Text]] = _sizes(record)
    rows.append(("asked", Text(words.asked(record))))
    rows.append(("trained", Text(words.several(len(record.trained), "trial"))))
    rows.append(("outcomes", counts(record)))
    if record.target is not None:
        rows += _models(record)
    spent, saved = words.count(record.epochs_spent), words.count(record.epochs_saved)
    rows.append(("epochs", Text(f"{spent} spent, {saved} saved")))
    for trial in alive:
        rows.append(("training", _now(record, trial)))
    if stale:
        numbers = ", ".join(f"#{t.number}" for t in stale)
        again = "their workers died; the next 'tuner search' trains them again"
        rows.append(("stale", Text(f"{numbers}: {again}", style="magenta")))
    title = Text.assemble((record.name, "bold"), "  ", record.question)
    parts: list[RenderableType] = [title, facts(rows)]
    return Group(*parts, sweep_table(record)) if record.target is None else Group(*parts)


def _sizes(record: StudyRecord) -> list[tuple[str, Text]]:
    rows = []
    if other := record.stand_in:
        rows.append(("data", Text(f" {other.upper()} ", style=LOUD)))
    for data in record.data.values():
        shape = shape_words(kind := stored_kind(data))
        plural = kind.plural if kind else "examples"
        answers = f"{len(data.get('classes', ()))} classes"
        if data.get("task") == "regression":
            answers = "amounts"
        line = (
            f"{data.get('name')}: {answers}, {shape}, "
            f"{words.count(data.get('train_size'))} training and "
            f"{words.count(data.get('validation_size'))} validation {plural}, "
            f"from {data.get('source')}"
        )
        rows.append(("" if rows else "data", Text(line)))
    return rows


def _models(record: StudyRecord) -> list[tuple[str, Text]]:
    rows = []
    best, closest, reference = record.incumbent, record.closest, record.reference
    if best is not None:
        times = words.comparison(record, best)
        line = Text.assemble(_model(best), f", {times}" if times else "")
        rows.append(("smallest", line))
        rows += [(label, Text(said)) for label, said in words.proofs(record, best)]
    elif closest is not None:
        rows.append(("closest", _model(closest)))
    if reference is not None:
        rows.append(("reference", _model(reference)))
    return rows


def _model(trial: TrialRecord) -> Text:
    accuracy = words.learnt(trial)
    return Text(f"{words.size(trial)}, {accuracy}, trial {trial.number}")


def _now(record: StudyRecord, trial: TrialRecord) -> Text:
    return Text.assemble(
        f"#{trial.number}  {words.size(trial)}  ",
        curve(record, trial),
        f"  {trial.epochs}/{record.horizon}",
    )
