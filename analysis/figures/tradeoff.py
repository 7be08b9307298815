"""Size against what is measured: the frontier of a study, and what each parameter is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from analysis import frames, published
from analysis.columns import named
from analysis.figures import axes as scales
from analysis.figures import labels, style
from tuner.records import words
from tuner.records.objectives import DEFAULT_METRIC
from tuner.records.studies import StudyRecord

ROOM_FOR_A_NAME = 0.03
"""Accuracy that the name of a published model takes above it."""


def frontier(study: optuna.Study | StudyRecord, by: str = "size") -> Figure:
    """Every trained trial, the frontier, the reference and published models.

    Args:
        study: The study.
        by: What small means: ``size``, ``total_size``, ``macs`` or ``bytes``; published models are
            shown with ``size`` and on CIFAR-10 only.

    Raises:
        ValueError: `by` is none of those.
    """
    record = frames.record_of(study)
    edge = frames.frontier(record, by, refuted=False)
    frame, metric = frames.trials(record), record.metric
    val = named(metric)["val_accuracy"]
    trained = frame[frame["outcome"].isin(list(style.LOOKS)) & frame[val].notna()]
    if trained.empty:
        return style.message(f"{record.name}: no trained trial yet.")
    points = _comparable(record, by)
    figure = style.new_figure(height=4.8)
    axes = figure.add_subplot()
    title = style.titled(record, f"size and {metric.title}")
    style.dress(axes, title, _words(by), metric.title)
    failed = trained["number"].isin(record.refuted) & ~trained["reference"]
    for outcome, look in style.LOOKS.items():
        rows = trained[(trained["outcome"] == outcome) & ~trained["reference"] & ~failed]
        _scatter(axes, rows[by], rows[val], look)
    _scatter(axes, trained[failed][by], trained[failed][val], style.REFUTED)
    said = "failed proofs left out" if failed.any() else "nothing seen is smaller and better"
    line = style.Look(f"frontier: {said}", style.INK, "", "-")
    x, y = edge[by].astype(float).tolist(), edge[val].tolist()
    style.steps(axes, x, y, trained[by].astype(float).max(), line, width=1.2)
    _marked(axes, record, by)
    told = _published(axes, points)
    sizes = [*trained[by].dropna().astype(float), *(p.size for p in points)]
    scales.counts(axes.xaxis, sizes)
    bars = [] if record.target is None and metric.unit is None else [record.target or 0.5]
    above = [p.accuracy + ROOM_FOR_A_NAME for p in points]
    scales.measured(axes, [*trained[val], *above, *bars], metric)
    if record.target is not None:
        bar = style.bar(axes, record.target, f"target {metric.goal(record.target)}")
        told.insert(0, (bar, labels.ALONG_A_LINE[::-1]))
    style.legend(axes, columns=2, below=True)
    labels.settle(axes, told)
    return figure


def _comparable(record: StudyRecord, by: str) -> Sequence[published.Point]:
    """The published models that the study's may be compared with."""
    data = next(iter(record.data.values()), {})
    alike = record.metric is DEFAULT_METRIC and by == "size"
    return published.POINTS if alike and published.is_cifar10(data) else ()


def _words(by: str) -> str:
    return f"{words.quantity(by)} (logarithmic)"


def _scatter(axes: Axes, x: pd.Series, y: pd.Series, look: style.Look) -> None:
    style.mark(axes, x.astype(float).tolist(), y.tolist(), look)


def _marked(axes: Axes, record: StudyRecord, by: str) -> None:
    """The reference and the smallest model, told from all others."""
    for trial, marker, label in (
        (record.reference, "D", "reference"),
        (record.incumbent, "o", "smallest that met the target"),
    ):
        amount = None if trial is None else trial.amount(by)
        if trial is None or trial.val_measured is None or amount is None:
            continue
        edge = style.INK
        face = style.ORANGE if marker == "D" else "none"
        area = 60 if marker == "D" else 150
        at = ([amount], [trial.val_measured])
        axes.scatter(
            *at, s=area, marker=marker, color=face, edgecolors=edge, linewidths=1.4, label=label
        )


def _published(
    axes: Axes, points: Sequence[published.Point]
) -> list[tuple[Annotation, Sequence[labels.Place]]]:
    """Marks models to compare with; the names of published ones are to be put into a place."""
    kinds = {
        True: ("*", 90, "published, test accuracy, more epochs"),
        False: ("s", 18, "measured for this project, test accuracy"),
    }
    for is_published, (marker, area, label) in kinds.items():
        some = [p for p in points if p.published == is_published]
        if not some:
            continue
        axes.scatter(
            [p.size for p in some],
            [p.accuracy for p in some],
            s=area,
            marker=marker,
            color=style.PAPER,
            edgecolors=style.INK,
            linewidths=0.9,
            label=label,
        )
    return [
        (
            labels.add(axes, f"{p.name}, {p.epochs} epochs", (p.size, p.accuracy)),
            labels.BESIDE_A_POINT,
        )
        for p in points
        if p.published
    ]


def efficiency(studies: Mapping[str, optuna.Study | StudyRecord]) -> Figure:
    """What each parameter is worth: the metric against size, and as much of it per 1,000.

    Of accuracies these are points. Of an error it is what it is less than that of one answer for
    all, or than the largest that was seen.

    Args:
        studies: Studies to compare by what to call them, such as ``dense`` and ``convolutional``.
    """
    records = {name: frames.record_of(study) for name, study in studies.items()}
    metric = next((r.metric for r in records.values()), DEFAULT_METRIC)
    found = {name: _measured(record) for name, record in records.items()}
    if all(f.empty for f in found.values()):
        return style.message("No trained trial yet.")
    every = pd.concat(list(found.values()))
    figure = style.new_figure(height=3.7)
    left, right = figure.subplots(1, 2)
    val = named(metric)["val_accuracy"]
    best = f"validation {metric.title}, best epoch"
    style.dress(left, metric.title, "trainable parameters", best)
    gained = "points of accuracy" if metric is DEFAULT_METRIC else f"{metric.title} gained"
    style.dress(right, "for each 1,000 parameters", "trainable parameters", gained)
    for i, (name, frame) in enumerate(found.items()):
        look = style.Look(style.shorten(name), style.COLOURS[i], style.MARKERS[i], style.LINES[i])
        _scatter(left, frame["size"], frame[val], look)
        _scatter(right, frame["size"], frame["worth"], look)
    for axes in (left, right):
        scales.counts(axes.xaxis, every["size"].astype(float), narrow=True)
    scales.counts(right.yaxis, every["worth"])
    scales.measured(left, every[val], metric)
    style.legend(left, columns=3, below=True)
    return figure


def _measured(record: StudyRecord) -> pd.DataFrame:
    """The trained trials that were measured, with ``worth``: the gain per 1,000 parameters."""
    frame, metric = frames.trials(record), record.metric
    val = named(metric)["val_accuracy"]
    known = frame[val].notna() & frame["size"].notna() & (frame["size"] > 0)
    kept = frame[known & frame["outcome"].isin(list(style.LOOKS))].copy()
    gain = kept[val]
    if not metric.greater_is_better:
        alone = record.by_constant
        gain = (kept[val].max() if alone is None else alone) - kept[val]
    kept["worth"] = 1_000 * metric.scale * gain / kept["size"].astype(float)
    return kept
