"""One line a trial, for a picture of a running search."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.views import blocks
from tuner.views.layout import STYLES

_NOWHERE = Console(file=io.StringIO())

CURVE = 25
ROOMY = 66
"""Columns from which on a trial's line holds all that there is to say."""


def packed(parts: Sequence[Text], width: int, indent: int = 0) -> list[Text]:
    """Parts one after the other, in as many lines as it takes, none broken that fits a line."""
    lines: list[Text] = []
    for part in parts:
        whole = Text.assemble(lines[-1], "   ", part) if lines else part
        if lines and whole.cell_len <= width:
            lines[-1] = whole
        else:
            begun = Text(" " * indent if lines else "") + part
            lines += _wrapped(begun, width, indent)
    return lines


def _wrapped(line: Text, width: int, indent: int) -> list[Text]:
    if line.cell_len <= width:
        return [line]
    # Rich wants a console, of which it takes nothing for text that is not justified.
    first, *_ = line.wrap(_NOWHERE, width)
    rest = line[len(first) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    return [first, *_wrapped(Text(" " * indent) + rest, width, indent)] if len(rest) else [first]


def model_parts(label: str, trial: TrialRecord, style: str) -> list[Text]:
    """A model that matters: its size, its accuracy and its trial."""
    size = Text.assemble((label, "bold"), " ", (words.size(trial), style))
    return [size, Text(words.learnt(trial)), Text(f"#{trial.number}")]


def _sizes(trial: TrialRecord, width: int) -> str:
    """Trainable and all parameters; the first alone where there is little room."""
    if trial.size is None:
        return " " * (21 if width >= ROOMY else 7)
    if width < ROOMY:
        return f"{words.short_count(trial.size):>7}"
    return f"{f'{words.count(trial.size)} ({words.count(trial.total_size)})':>21}"


def running_line(record: StudyRecord, trial: TrialRecord, width: int = 80) -> Text:
    """A trial that is built or trained: its size and how far it is, in `width` columns."""
    number = f"#{trial.number}"
    if trial.size is None:
        return Text.assemble(f"  {number:<6}", ("building", "dim"))
    last = trial.history[-1].val_measured if trial.history else None
    before = f"  {number:<6}{_sizes(trial, width)}  "
    after = (
        f"  {trial.epochs:>2}/{record.horizon}"
        f"  {trial.metric.written(last) if last is not None else 'starting':>8}"
    )
    room = max(4, min(CURVE, width - cell_len(before) - cell_len(after)))
    line = Text.assemble(before, curve(record, trial, room), after)
    if trial.reference:
        line.append(
            "  reference" if line.cell_len + len("  reference") <= width else "", style="dim"
        )
    elif trial.cell is not None:
        more = f"  {words.values(trial)}, {trial.dataset}, seed {trial.seed}"
        if line.cell_len + cell_len(more) <= width:
            line.append(more, style="dim")
    return line


def curve(record: StudyRecord, trial: TrialRecord, width: int = CURVE) -> Text:
    """A trial's metric on validation examples as blocks, green where the target is met."""
    floor, target, metric = _floor(record), record.objective, record.metric
    seen = (t.val_measured for t in record.trials if t.val_measured is not None)
    top = target.bar if target is not None else metric.best_of(seen)
    line = Text()
    for measured in blocks.cells(trial.history, record.horizon, width):
        if measured is None or top is None:
            line.append("·", style="dim")
        else:
            met = target is not None and target.is_met(measured)
            line.append(blocks.block(measured, floor, top), style="green" if met else "cyan")
    return line


def _floor(record: StudyRecord) -> float:
    """Where curves begin: at chance, or at what one answer for all has."""
    if record.metric is not DEFAULT_METRIC:
        alone = record.by_constant
        if alone is not None:
            return alone
        seen = [t.history[0].val_measured for t in record.trials if t.history]
        worst = (min if record.metric.greater_is_better else max)(seen, default=0.0)
        return worst
    classes = max((len(d.get("classes", ())) for d in record.data.values()), default=10)
    return 1 / max(classes, 2)


def ended_line(record: StudyRecord, trial: TrialRecord, width: int = 80) -> Text:
    """A trial that has ended: its size, its outcome and, where `width` has room, why."""
    word = words.outcome(trial, sweep=record.kind == "sweep")
    line = Text.assemble(
        f"  {f'#{trial.number}':<6}{_sizes(trial, width)}  ",
        (f"{word:<13}", STYLES.get(word, "")),
    )
    if trial.history:
        line.append(f"  {trial.metric.written(trial.val_measured):>7}")
        if width >= ROOMY:
            line.append(f" in {words.several(trial.epochs, 'epoch'):>9}")
    if width < ROOMY:
        line.rstrip()
        return line
    if why := trial.error or trial.lost or trial.stop:
        line.append(f"  {words.one_line(why, 100)}", style="dim")
    elif trial.number in record.refuted:
        line.append(f"  refuted on the test {record.examples}", style="dim")
    elif trial.cell is not None and line.cell_len + cell_len(words.values(trial)) + 2 <= width:
        line.append(f"  {words.values(trial)}", style="dim")
    return line
