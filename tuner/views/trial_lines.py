"""One line a trial, for a picture of a running search."""

from __future__ import annotations

from rich.text import Text

from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.views import blocks
from tuner.views.layout import STYLES

CURVE = 25


def model_line(label: str, trial: TrialRecord, style: str) -> Text:
    """A model that matters: its size, its accuracy and its trial."""
    return Text.assemble(
        (label, "bold"),
        " ",
        (words.size(trial), style),
        f"   {words.learnt(trial)}   #{trial.number}",
    )


def running_line(record: StudyRecord, trial: TrialRecord) -> Text:
    """A trial that is built or trained: its size and how far it is."""
    number = f"#{trial.number}"
    if trial.size is None:
        return Text.assemble(f"  {number:<6}", ("building", "dim"))
    sizes = f"{words.count(trial.size)} ({words.count(trial.total_size)})"
    last = trial.history[-1].val_accuracy if trial.history else None
    line = Text.assemble(
        f"  {number:<6}{sizes:>21}  ",
        curve(record, trial),
        f"  {trial.epochs:>2}/{record.horizon}",
        f"  {words.percent(last) if last is not None else 'starting':>8}",
    )
    if trial.reference:
        line.append("  reference", style="dim")
    elif trial.cell is not None:
        line.append(f"  {words.values(trial)}, {trial.dataset}, seed {trial.seed}", style="dim")
    return line


def curve(record: StudyRecord, trial: TrialRecord, width: int = CURVE) -> Text:
    """A trial's validation accuracy as blocks, green where the target is met."""
    classes = max((len(d.get("classes", ())) for d in record.data.values()), default=10)
    floor = 1 / max(classes, 2)
    target = record.objective
    if target is not None:
        top = target.bar
    else:
        top = max((t.val_accuracy or 0.0 for t in record.trials), default=1.0)
    line = Text()
    for accuracy in blocks.cells(trial.history, record.horizon, width):
        if accuracy is None:
            line.append("·", style="dim")
        else:
            met = target is not None and target.is_met(accuracy)
            line.append(blocks.block(accuracy, floor, top), style="green" if met else "cyan")
    return line


def ended_line(record: StudyRecord, trial: TrialRecord) -> Text:
    """A trial that has ended: its size, its outcome and why."""
    word = words.outcome(trial, sweep=record.kind == "sweep")
    sizes = f"{words.count(trial.size)} ({words.count(trial.total_size)})" if trial.size else ""
    line = Text.assemble(
        f"  {f'#{trial.number}':<6}{sizes:>21}  ",
        (f"{word:<13}", STYLES.get(word, "")),
    )
    if trial.history:
        line.append(
            f"  {words.percent(trial.val_accuracy):>7} in {words.several(trial.epochs, 'epoch'):>9}"
        )
    if why := trial.error or trial.lost or trial.stop:
        line.append(f"  {words.one_line(why, 100)}", style="dim")
    elif trial.number in record.refuted:
        line.append("  refuted on the test images", style="dim")
    elif trial.cell is not None:
        line.append(f"  {words.values(trial)}", style="dim")
    return line
