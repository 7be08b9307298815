"""Tables of trials: one row each, or one row a configuration of a sweep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection

from rich.console import Group, RenderableType
from rich.text import Text

from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.views.layout import STYLES, data_names, table

NARROW = 100
"""Below so many columns a table does without MACs and without why a training was stopped."""


def trials_table(
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
        sort: ``number``, ``size``, or ``metric``, which ``accuracy`` is another word for.
        everything: Whether gated trials are shown too.
        stale: Numbers of running trials whose worker has died.
        width: Columns to fit into.
    """
    shown = [t for t in record.trials if everything or t.outcome != "gated"]
    shown.sort(key=lambda t: _key(t, sort))
    measured = record.metric.title
    numbers = ("trial", "size", "total", "MACs", measured, "epochs", "time")
    names = ["trial", "outcome", "size", "total", "MACs", measured, "epochs", "time", "remark"]
    wide = width >= NARROW
    made = table(
        *(n for n in names if wide or n != "MACs"),
        numbers=numbers,
        dispensable=(*["MACs"] * wide, "time", "total", "epochs", "remark"),
    )
    for trial in shown:
        made.add_row(*_cells(record, trial, lost=trial.number in stale, wide=wide))
    hidden = len(record.trials) - len(shown)
    tail = [Text("size: trainable parameters, total: all of them, time: minutes:seconds")]
    if hidden:
        tail.append(Text(f"{words.several(hidden, 'gated trial')} not shown: --all"))
    return Group(Text.assemble((record.name, "bold"), "  ", data_names(record)), made, *tail)


def _cells(record: StudyRecord, trial: TrialRecord, *, lost: bool, wide: bool) -> list[str | Text]:
    word = "stale" if lost else words.outcome(trial, sweep=record.kind == "sweep")
    return [
        str(trial.number),
        Text(word, style=STYLES.get(word, "")),
        words.count(trial.size),
        words.count(trial.total_size),
        *([words.count(trial.macs)] if wide else []),
        trial.metric.written(trial.val_measured) if trial.history else "",
        str(trial.epochs),
        words.clock(trial.seconds) if trial.seconds else "",
        _remark(record, trial, lost=lost, why=wide),
    ]


def _key(trial: TrialRecord, sort: str) -> tuple[float, int]:
    if sort == "size":
        return (math.inf if trial.size is None else trial.size, trial.number)
    if sort in ("accuracy", "metric"):
        return (trial.metric.rank(trial.val_measured), trial.number)
    return (trial.number, trial.number)


def _remark(record: StudyRecord, trial: TrialRecord, *, lost: bool, why: bool) -> Text:
    remarks = ["its worker died"] if lost else []
    best = record.incumbent if record.target is not None else None
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
    """Mean and standard deviation of the last epoch's metric over seeds, a row a cell."""
    groups: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in record.trials:
        if trial.cell is not None and trial.outcome is not None:
            groups.setdefault((str(trial.dataset), words.cell(trial)), []).append(trial)
    metric = record.metric
    numbers = ("size", "total", metric.title, "SD", "n")
    dispensable = ("total", *["data"] * (len(record.data) < 2), "n", "size")
    made = table("data", "configuration", *numbers, numbers=numbers, dispensable=dispensable)
    for (data, cell), group in groups.items():
        last = [t.history[-1].val_measured for t in group if t.history and t.trained]
        spread = statistics.stdev(last) if len(last) > 1 else None
        made.add_row(
            Text(data),
            Text(cell),
            words.count(group[0].size),
            words.count(group[0].total_size),
            metric.written(statistics.fmean(last)) if last else "",
            "" if spread is None else metric.spread(spread),
            str(len(last)),
        )
    explained = (
        f"{metric.title}: validation {record.examples}, last epoch, mean over n seeds; "
        f"SD{' in points' if metric.is_share else ''}"
    )
    return Group(made, Text(explained))
