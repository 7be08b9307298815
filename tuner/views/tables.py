"""Tables of studies, trials and sweeps."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import TrialState
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages import heartbeats
from tuner.views.frame import LOUD, STYLES, counts, curve


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """An empty table; the columns in `numbers` are set to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in columns:
        right = name in numbers
        made.add_column(name, justify="right" if right else "left", no_wrap=right)
    return made


def grid() -> Table:
    """Names and what they stand for."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def overview(studies: Sequence[optuna.Study]) -> RenderableType:
    """One row a study."""
    numbers = ("target", "trained", "size", "total", "accuracy", "smaller")
    made = table("study", "data", *numbers, numbers=numbers)
    made.columns[0].no_wrap = True
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
            words.goal(record.target) if record.target else "sweep",
            words.count(len(record.trained)),
            "" if best is None else words.count(best.size),
            "" if best is None else words.count(best.total_size),
            "" if best is None else words.percent(best.val_accuracy),
            "" if times is None else f"{words.times(times)}x",
        )
    explained = Text(
        "size: trainable parameters of the smallest model that met the target, total: all of them, "
        "smaller: than the reference"
    )
    return Group(made, explained, *(Text(r) for r in remarks))


def data_names(record: StudyRecord) -> Text:
    """The data sets, loud where they are not what the study names."""
    style = LOUD if record.stand_in else ""
    return Text(", ".join(record.dataset_names), style=style)


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
    facts = grid()
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
    for name, line in rows:
        facts.add_row(Text(f"  {name}"), line)
    title = Text.assemble((record.name, "bold"), "  ", record.question)
    parts: list[RenderableType] = [title, facts]
    return Group(*parts, sweep_table(record)) if record.target is None else Group(*parts)


def _sizes(record: StudyRecord) -> list[tuple[str, Text]]:
    rows = []
    if other := record.stand_in:
        rows.append(("data", Text(f" {other.upper()} ", style=LOUD)))
    for data in record.data.values():
        shape = "x".join(map(str, data.get("image_shape", ())))
        line = (
            f"{data.get('name')}: {len(data.get('classes', ()))} classes, {shape}, "
            f"{words.count(data.get('train_size'))} training and "
            f"{words.count(data.get('validation_size'))} validation images, "
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


NARROW = 100
"""Below so many columns a table does without MACs and without why a training was stopped."""


def trials(
    record: StudyRecord,
    sort: str,
    *,
    everything: bool = False,
    stale: Collection[int] = (),
    width: int = NARROW,
) -> RenderableType:
    """A study's trials, one row each.

    Args:
        record: The study.
        sort: ``number``, ``size`` or ``accuracy``.
        everything: Whether gated trials are shown too.
        stale: Numbers of running trials whose worker has died.
        width: Columns to fit into.
    """
    shown = [t for t in record.trials if everything or t.outcome != "gated"]
    shown.sort(key=lambda t: _key(t, sort))
    numbers = ("trial", "size", "total", "MACs", "accuracy", "epochs", "time")
    names = ["trial", "outcome", "size", "total", "MACs", "accuracy", "epochs", "time", "remark"]
    wide = width >= NARROW
    made = table(*(n for n in names if wide or n != "MACs"), numbers=numbers)
    made.columns[1].no_wrap = True
    best = record.incumbent if record.target is not None else None
    for t in shown:
        lost = t.number in stale
        word = "stale" if lost else words.outcome(t, sweep=record.kind == "sweep")
        made.add_row(
            str(t.number),
            Text(word, style=STYLES.get(word, "")),
            words.count(t.size),
            words.count(t.total_size),
            *([words.count(t.macs)] if wide else []),
            words.percent(t.val_accuracy) if t.history else "",
            str(t.epochs),
            words.clock(t.seconds) if t.seconds else "",
            _remark(t, best, lost=lost, why=wide),
        )
    hidden = len(record.trials) - len(shown)
    tail = [Text("size: trainable parameters, total: all of them, time: minutes:seconds")]
    if hidden:
        tail.append(Text(f"{words.several(hidden, 'gated trial')} not shown: --all"))
    return Group(Text.assemble((record.name, "bold"), "  ", data_names(record)), made, *tail)


def _key(trial: TrialRecord, sort: str) -> tuple[float, int]:
    if sort == "size":
        return (math.inf if trial.size is None else trial.size, trial.number)
    if sort == "accuracy":
        return (-(trial.val_accuracy or 0.0), trial.number)
    return (trial.number, trial.number)


def _remark(trial: TrialRecord, best: TrialRecord | None, *, lost: bool, why: bool) -> Text:
    remarks = ["its worker died"] if lost else []
    if best is not None and trial.number == best.number:
        remarks.append("smallest")
    if trial.reference:
        remarks.append("reference")
    if trial.cell is not None:
        remarks.append(f"{words.values(trial)}, {trial.dataset}, seed {trial.seed}")
    if reason := trial.error or trial.lost or (trial.stop if why else None):
        remarks.append(words.one_line(reason, 80))
    return Text(", ".join(remarks))


def sweep_table(record: StudyRecord) -> RenderableType:
    """Mean and standard deviation of the last epoch's accuracy over seeds, a row a cell."""
    groups: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in record.trials:
        if trial.cell is not None and trial.outcome is not None:
            groups.setdefault((str(trial.dataset), _cell(trial.cell)), []).append(trial)
    numbers = ("size", "total", "accuracy", "SD", "n")
    made = table("data", "configuration", *numbers, numbers=numbers)
    for (data, cell), group in groups.items():
        last = [t.history[-1].val_accuracy for t in group if t.history and t.trained]
        spread = statistics.stdev(last) if len(last) > 1 else None
        made.add_row(
            Text(data),
            Text(cell),
            words.count(group[0].size),
            words.count(group[0].total_size),
            words.percent(statistics.fmean(last)) if last else "",
            "" if spread is None else words.spread(spread),
            str(len(last)),
        )
    explained = "accuracy: validation images, last epoch, mean over n seeds; SD in points"
    return Group(made, Text(explained))


def _cell(cell: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={words.value(v)}" for k, v in cell.items()) or "as it is"
