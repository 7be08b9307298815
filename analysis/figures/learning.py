"""Learning curves: of every trial of a search, and of a sweep's configurations."""

from __future__ import annotations

import math

import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from analysis import frames
from analysis.columns import named
from analysis.figures import axes as scales
from analysis.figures import labels, style
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

LEGEND_ROW = 0.17
"""Inches that a row of a legend takes."""
MANY = 150
"""More curves than this are drawn as a picture, or a page would hold megabytes of lines."""


def learning_curves(study: optuna.Study | StudyRecord) -> Figure:
    """The metric in validation by epoch: in a search by outcome, in a sweep by configuration."""
    record = frames.record_of(study)
    if not any(t.val_measured is not None for t in record.trained):
        return style.message(f"{record.name}: no trained trial yet.")
    target = record.objective
    if target is None:
        return _sweep(record)
    figure = style.new_figure(height=4.2)
    axes = figure.add_subplot()
    title = style.titled(record, f"validation {record.metric.title} of every training")
    style.dress(axes, title, "epoch", f"validation {record.metric.title}")
    for outcome, look in style.LOOKS.items():
        some = [t for t in record.trained if t.outcome == outcome and not t.reference]
        _bundle(axes, some, look, faint=len(record.trained) > 40)
    for trial, line, label in (
        (record.reference, (0, (5, 1.5)), "reference"),
        (record.incumbent, "-", "smallest that met the target"),
    ):
        if trial is not None and trial.history:
            x, y = zip(*((e.epoch, e.val_measured) for e in trial.history), strict=True)
            axes.plot(x, y, color=style.INK, linestyle=line, linewidth=1.8, label=label)
            axes.plot(x[-1], y[-1], "o", color=style.INK, markersize=4)
    bar = _bars(axes, record)
    scales.epochs(axes, record.horizon)
    seen = [e.val_measured for t in record.trained for e in t.history]
    scales.measured(axes, [*seen, target.bar], record.metric)
    style.legend(axes, columns=3, below=True)
    labels.settle(axes, [(bar, labels.ALONG_A_LINE)])
    return figure


def _bundle(axes: Axes, trials: list[TrialRecord], look: style.Look, *, faint: bool) -> None:
    """The curves of one outcome, each ending in a marker."""
    if not trials:
        return
    curves = [[(e.epoch, e.val_measured) for e in t.history] for t in trials if t.history]
    lines = LineCollection(
        curves,
        colors=look.colour,
        linestyles=look.line,
        linewidths=0.7 if faint else 1.1,
        alpha=0.45 if faint else 0.8,
        rasterized=len(curves) > MANY,
    )
    axes.add_collection(lines)
    ends = [c[-1] for c in curves]
    x, y = zip(*ends, strict=True) if ends else ((), ())
    axes.scatter(
        x,
        y,
        s=12 if faint else 20,
        marker=look.marker,
        color=look.colour,
        linewidths=0,
        rasterized=len(curves) > MANY,
    )
    axes.plot(
        [],
        [],
        color=look.colour,
        linestyle=look.line,
        marker=look.marker,
        markersize=4,
        label=f"{look.label} ({words.count(len(trials))})",
    )


def _bars(axes: Axes, record: StudyRecord) -> Annotation:
    target = record.objective
    assert target is not None
    label = f"target {target.metric.goal(target.value)}"
    if target.margin:
        label += f", shaded: {target.metric.difference(target.margin)} of margin"
        axes.axhspan(target.value, target.bar, color=style.FAINT, linewidth=0)
    return style.bar(axes, target.value, label)


def _sweep(record: StudyRecord) -> Figure:
    """Mean and standard deviation over seeds, of training and validation."""
    import seaborn as sns  # takes two seconds: a search's page does without

    frame = _by_configuration(record)
    names = list(dict.fromkeys(frame["configuration"]))
    rows = math.ceil(len(names) / 2)
    figure = style.new_figure(height=3.3 + LEGEND_ROW * rows)
    both = figure.subplots(1, 2, sharey=True)
    shown = style.told_apart(names, 40)
    columns, title = named(record.metric), record.metric.title
    seen = [columns["accuracy"], columns["val_accuracy"]]
    for axes, column, what in zip(both, seen, ("training", "validation"), strict=True):
        style.dress(axes, "", "epoch", title if what == "training" else "")
        axes.set_title(what, fontsize=10, color=style.INK, loc="left")
        for i, name in enumerate(names):
            sns.lineplot(
                frame[frame["configuration"] == name],
                x="epoch",
                y=column,
                errorbar="sd",
                color=style.COLOURS[i % len(style.COLOURS)],
                linestyle=style.LINES[i % len(style.LINES)],
                label=shown[i],
                legend=False,
                ax=axes,
            )
        axes.set(xlabel="epoch", ylabel=title if what == "training" else "")
        scales.epochs(axes, record.horizon)
    scales.measured(both[0], [v for c in seen for v in frame[c].dropna()], record.metric)
    figure.suptitle(
        style.titled(record, "learning curves, mean and standard deviation over seeds"),
        fontsize=10,
        color=style.INK,
        x=0.01,
        ha="left",
    )
    style.legend(both[0], columns=2, below=True)
    return figure


def _by_configuration(record: StudyRecord) -> pd.DataFrame:
    """The epochs of a sweep's trainings, with ``configuration``: data set, if several, and cell."""
    several = len(record.data) > 1
    names = {
        t.number: ", ".join(
            part for part in ((t.dataset or "") if several else "", _cell(t, several)) if part
        )
        for t in record.trained
    }
    frame = frames.epochs(record)
    kept = frame[frame["number"].isin(list(names))].copy()
    kept["configuration"] = [names[n] for n in kept["number"]]
    return kept


def _cell(trial: TrialRecord, several: bool) -> str:
    return words.cell(trial) if trial.cell or not several else ""
