"""The evaluation image that the lab asks for: the metric, loss and the confusion matrix."""

from __future__ import annotations

import math

import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import frames
from analysis.figures import axes as scales
from analysis.figures import style
from analysis.figures.confusion import confusion_of, draw
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord


def evaluation(study: optuna.Study | StudyRecord, trial: int | None = None) -> Figure:
    """The metric and loss over epochs, training and validation, and the confusion matrix.

    Args:
        study: The study.
        trial: Number of the trial; None: the smallest that met the target, else the closest.

    Raises:
        ValueError: The study has no such trial.
    """
    record = frames.record_of(study)
    chosen = shown(record) if trial is None else find(record, trial)
    if chosen is None or not chosen.history:
        return style.message(f"{record.name}: no trained trial to evaluate.")
    confusion = confusion_of(record, chosen)
    many = len(confusion.classes) if confusion else 0
    figure = style.new_figure(height=3.0 if not many else 7.6 if many <= 12 else 9.0)
    heights = [1.0] if not many else [1.0, 1.75 if many <= 12 else 2.4]
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    _curves(figure.add_subplot(grid[0, 0]), chosen, record, record.metric.title)
    _curves(figure.add_subplot(grid[0, 1]), chosen, record, "loss")
    name = f"trial {chosen.number}, {words.size(chosen)}"
    if confusion is None:
        if record.classes:
            name += "; no confusion matrix is stored for it"
    else:
        draw(figure.add_subplot(grid[1, :]), confusion)
    title = style.titled(record, style.escape(name))
    figure.suptitle(title, fontsize=10.5, color=style.INK, x=0.01, ha="left")
    return figure


def shown(record: StudyRecord) -> TrialRecord | None:
    """The trial that a study is shown by: the smallest that met the target, else the closest."""
    return record.incumbent or record.closest


def find(record: StudyRecord, number: int) -> TrialRecord:
    """The trial with this number.

    Raises:
        ValueError: There is none.
    """
    for trial in record.trials:
        if trial.number == number:
            return trial
    raise ValueError(f"study {record.name!r} has no trial {number}.")


def _curves(axes: Axes, trial: TrialRecord, record: StudyRecord, what: str) -> None:
    style.dress(axes, what, "epoch")
    field = "loss" if what == "loss" else "measured"
    epochs = [e.epoch for e in trial.history]
    values = {
        "training": [getattr(e, field) for e in trial.history],
        "validation": [getattr(e, f"val_{field}") for e in trial.history],
    }
    looks = {"training": (style.BLUE, "o", "-"), "validation": (style.VERMILION, "s", "--")}
    for name, (colour, marker, line) in looks.items():
        if not any(map(math.isfinite, values[name])):
            continue  # of most metrics nobody knows what training comes to
        axes.plot(
            epochs, values[name], color=colour, marker=marker, linestyle=line, ms=3.5, label=name
        )
    if what != "loss":
        if record.target is not None:
            axes.axhline(
                record.target,
                color=style.INK,
                linewidth=0.9,
                linestyle=(0, (6, 3)),
                label=f"target {record.metric.goal(record.target)}",
            )
        goal = [0.5 if record.target is None else record.target]
        if record.target is None and record.metric.unit is None:
            goal = []
        both = [*values["training"], *values["validation"]]
        scales.measured(axes, [*both, *goal], record.metric)
    else:
        # A diverged training's loss is stored as a very large number: it would flatten the rest.
        sane = [v for vs in values.values() for v in vs if math.isfinite(v) and v < 1e6]
        axes.set_ylim(0, 1.08 * max(sane, default=1.0))
    scales.epochs(axes, trial.epochs)
    style.legend(axes)
