"""Figures of the lab's page: narrow, so that they can be read on a phone, and clear in grey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import published
from analysis.figures import axes as scales
from analysis.figures import labels, style
from analysis.lab.runs import PARTS, Runs, mean_and_spread, runs
from tuner.records import words
from tuner.records.questions import title_of
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

if TYPE_CHECKING:
    from analysis.lab.look import Look

WIDTH = 5.0
"""Inches. On a phone of 400 pixels that leaves type of 9 points some 10 pixels."""


def samples(looks: Sequence[Look]) -> Figure:
    """The first training image of each class, a block a data set."""
    columns = 5
    rows = sum(-(-len(look.samples) // columns) for look in looks)
    figure = style.new_figure(WIDTH, 0.3 * len(looks) + 1.15 * rows)
    blocks = figure.subfigures(len(looks), 1, squeeze=False)[:, 0]
    for block, look in zip(blocks, looks, strict=True):
        shape = " x ".join(map(str, look.shape))
        block.suptitle(
            f"{title_of(look.name)}: {shape}", fontsize=10, color=style.INK, x=0.01, ha="left"
        )
        grid = block.subplots(-(-len(look.samples) // columns), columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for i, (axes, image) in enumerate(zip(grid, look.samples, strict=False)):
            axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            name = style.shorten(look.label(i), 14)
            axes.set_title(name, fontsize=9, color=style.INK, pad=2)
    return figure


def search(record: StudyRecord) -> Figure:
    """Every network of a search, the lab's and the smallest marked."""
    figure = style.new_figure(WIDTH, 3.9)
    axes = figure.add_subplot()
    title = style.titled(record, "size and accuracy of every network")
    style.dress(
        axes, title, "trainable parameters (logarithmic)", "validation accuracy, best epoch"
    )
    seen: list[tuple[float, float]] = []
    others = [t for t in record.trained if not t.reference]
    kept, failed = _parted(record, others)
    kinds = [(look, [t for t in kept if t.outcome == o]) for o, look in style.LOOKS.items()]
    for look, trials in [*kinds, (style.REFUTED, failed)]:
        some = _sized(trials)
        _marks(axes, some, look)
        seen += some
    for trial, marker, face, label in (
        (record.reference, "D", style.ORANGE, "the lab's network"),
        (record.incumbent, "o", "none", "the answer"),
    ):
        if trial is not None and trial.size and trial.val_measured is not None:
            at = ([trial.size], [trial.val_measured])
            area = 60 if marker == "D" else 170
            axes.scatter(
                *at,
                s=area,
                marker=marker,
                color=face,
                edgecolors=style.INK,
                linewidths=1.5,
                label=label,
            )
            seen.append((float(trial.size), trial.val_measured))
    scales.counts(axes.xaxis, [size for size, _ in seen], narrow=True)
    target = record.target or 0.0
    scales.accuracies(axes, [*(a for _, a in seen), target])
    bar = style.bar(axes, target, f"target {words.goal(target)}")
    style.legend(axes, columns=2, below=True)
    labels.settle(axes, [(bar, labels.ALONG_A_LINE)])
    return figure


def _parted(
    record: StudyRecord, trials: Iterable[TrialRecord]
) -> tuple[list[TrialRecord], list[TrialRecord]]:
    """Trials without those whose proof failed, and these."""
    refuted = record.refuted
    parts: tuple[list[TrialRecord], list[TrialRecord]] = ([], [])
    for trial in trials:
        parts[trial.number in refuted].append(trial)
    return parts


def _sized(trials: Iterable[TrialRecord]) -> list[tuple[float, float]]:
    """Sizes and accuracies, of those that have both."""
    return [
        (float(t.size), t.val_measured) for t in trials if t.size and t.val_measured is not None
    ]


def _marks(axes: Axes, points: Sequence[tuple[float, float]], look: style.Look) -> None:
    style.mark(axes, [x for x, _ in points], [y for _, y in points], look)


def frontiers(
    studies: Mapping[str, StudyRecord], edges: Mapping[str, Sequence[tuple[float, float]]]
) -> Figure:
    """Accuracy against size of two kinds of network, with the frontier of each."""
    figure = style.new_figure(WIDTH, 4.2)
    axes = figure.add_subplot()
    style.dress(axes, "", "trainable parameters (logarithmic)", "validation accuracy, best epoch")
    axes.set_title(_titled(list(studies.values()), "size and accuracy"), fontsize=10, loc="left")
    every: list[tuple[float, float]] = []
    bars = []
    for i, (kind, record) in enumerate(studies.items()):
        some, failed = map(_sized, _parted(record, record.trained))
        look = style.Look(kind, style.COLOURS[i], style.MARKERS[i], style.LINES[i])
        _marks(axes, some, look)
        _marks(axes, failed, replace(look, label=f"{kind}: failed its proof", hollow=True))
        x, y = zip(*edges[kind], strict=True)
        line = replace(look, label=f"{kind}: frontier")
        style.steps(axes, x, y, max(size for size, _ in some), line, width=1.8)
        if record.target is not None:
            bar = style.bar(axes, record.target, f"target {words.goal(record.target)} ({kind})")
            bars.append((bar, labels.ALONG_A_LINE))
        every += some + failed
    scales.counts(axes.xaxis, [size for size, _ in every], narrow=True)
    scales.accuracies(axes, [a for _, a in every])
    style.legend(axes, columns=2, below=True)
    labels.settle(axes, bars)
    return figure


def _titled(records: Sequence[StudyRecord], said: str) -> str:
    names = " and ".join(style.shorten(r.name, 24) for r in records)
    other = records[0].stand_in
    return f"{names}: {said}" + (f"\nDATA: {style.escape(other)}" if other else "")


def dropout(record: StudyRecord) -> Figure:
    """Training and validation over epochs, a panel for each rate, and test at the end."""
    found = runs(record, "dropout")
    figure = style.new_figure(WIDTH, 1.1 + 1.75 * len(found))
    panels = figure.subplots(len(found), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    seen: list[float] = []
    for axes, of in zip(panels, found, strict=True):
        rate = "no dropout" if not of.value else f"{words.goal(of.value)} dropout"
        style.dress(axes, "", "", "accuracy")
        axes.set_title(rate, fontsize=9.5, color=style.INK, loc="left")
        seen += _curves(axes, of)
        _tests(axes, of, record.horizon)
        seen += of.accuracies("test")
    panels[-1].set_xlabel("epoch", fontsize=9, color=style.INK)
    scales.accuracies(panels[0], seen)
    for axes in panels:
        scales.epochs(axes, record.horizon + 1)
    seeds = words.several(len(found[0].trials), "seed")
    figure.suptitle(
        style.titled(record, f"dropout, mean and SD of {seeds}"),
        fontsize=10,
        color=style.INK,
        x=0.01,
        ha="left",
    )
    style.legend(panels[0], columns=3, below=True)
    return figure


def gaps(record: StudyRecord) -> Figure:
    """How far training accuracy is above validation accuracy, over epochs, by rate of dropout."""
    found = runs(record, "dropout")
    figure = style.new_figure(WIDTH, 3.4)
    axes = figure.add_subplot()
    title = style.titled(record, "training above validation accuracy")
    style.dress(axes, title, "epoch", "gap, points of accuracy")
    for i, of in enumerate(found):
        gap = 100 * (of.curves("training") - of.curves("validation"))
        if gap.size:
            rate = "no dropout" if not of.value else f"{words.goal(of.value)} dropout"
            _band(axes, np.arange(1, gap.shape[1] + 1), gap, i, rate)
    axes.axhline(0, color=style.INK, linewidth=0.8)
    scales.epochs(axes, record.horizon)
    style.legend(axes, columns=3, below=True)
    return figure


def _curves(axes: Axes, of: Runs) -> list[float]:
    """Mean and band of training and validation; returns what is drawn."""
    seen: list[float] = []
    for i, part in enumerate(PARTS[:2]):
        curves = of.curves(part)
        if not curves.size:
            continue
        x = np.arange(1, curves.shape[1] + 1)
        _band(axes, x, curves, i, part)
        seen += [float(curves.min()), float(curves.max())]
    return seen


def _band(axes: Axes, x: Any, values: Any, i: int, label: str) -> None:
    """A line through means and a band of one standard deviation; rows are seeds."""
    mean = values.mean(axis=0)
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
    colour = style.COLOURS[i]
    axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.22, linewidth=0)
    axes.plot(
        x,
        mean,
        color=colour,
        linestyle=style.LINES[i % len(style.LINES)],
        linewidth=1.6,
        marker=style.MARKERS[i],
        markersize=3.5 if len(x) > 12 else 5,
        markeredgecolor=style.PAPER,
        markeredgewidth=0.4,
        label=label,
    )


def _tests(axes: Axes, of: Runs, horizon: int) -> None:
    tested = of.accuracies("test")
    if tested:
        axes.scatter(
            [horizon + 0.8] * len(tested),
            tested,
            s=34,
            marker=style.MARKERS[2],
            color=style.COLOURS[2],
            edgecolors=style.INK,
            linewidths=0.6,
            label="test, at the end",
            zorder=3,
        )


def minibatches(record: StudyRecord) -> Figure:
    """Accuracy and seconds an epoch by the size of the minibatch, with bands over seeds."""
    found = runs(record, "batch_size")
    figure = style.new_figure(WIDTH, 5.6)
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    style.dress(top, "", "", "accuracy after the last epoch")
    style.dress(below, "", "images in a minibatch (logarithmic)", "seconds an epoch")
    seen: list[float] = []
    for i, part in enumerate(PARTS):
        some = [r for r in found if r.accuracies(part)]
        for of in some:
            seen += of.accuracies(part)
        if some:
            _points(
                top, [float(r.value) for r in some], [r.accuracies(part) for r in some], i, part
            )
    scales.accuracies(top, seen)
    x = [float(r.value) for r in found]
    _points(below, x, [r.seconds() for r in found], 0, "seconds an epoch")
    scales.powers(below.xaxis, x)
    scales.counts(below.yaxis, [s for r in found for s in r.seconds()], narrow=True)
    for axes in (top, below):
        axes.tick_params(axis="x", labelsize=8)
    seeds = sorted({len(r.trials) for r in found})
    fewest = f"{seeds[0]} to " if seeds[0] != seeds[-1] else ""
    told = f"{fewest}{words.several(seeds[-1], 'seed')}"
    figure.suptitle(
        style.titled(record, f"size of the minibatch, mean and SD of {told}"),
        fontsize=10,
        color=style.INK,
        x=0.01,
        ha="left",
    )
    style.legend(top, columns=3, below=True)
    return figure


def _points(
    axes: Axes, x: Sequence[float], values: Sequence[Sequence[float]], i: int, label: str
) -> None:
    """As `_band`, for values of which there may be more or fewer at a place."""
    both = [mean_and_spread(v) for v in values]
    mean = np.array([m for m, _ in both])
    spread = np.array([s or 0.0 for _, s in both])
    colour = style.COLOURS[i]
    axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.22, linewidth=0)
    axes.plot(
        x,
        mean,
        color=colour,
        linestyle=style.LINES[i],
        linewidth=1.6,
        marker=style.MARKERS[i],
        markersize=5,
        markeredgecolor=style.PAPER,
        markeredgewidth=0.4,
        label=label,
    )


def summary(searches: Sequence[tuple[str, StudyRecord]]) -> Figure:
    """Size against accuracy: the lab's models, published ones, and those that were found.

    Args:
        searches: Searches by what to call them; those on other data than CIFAR-10 are left out.
    """
    shown = [
        (name, record)
        for name, record in searches
        if published.is_cifar10(next(iter(record.data.values()), {}))
    ]
    figure = style.new_figure(WIDTH, 4.6)
    axes = figure.add_subplot()
    title = "CIFAR-10: size and accuracy"
    style.dress(axes, title, "parameters (logarithmic)", "accuracy")
    points = [p for p in published.POINTS if p.published]
    named = [
        (labels.add(axes, p.name, (p.size, p.accuracy)), labels.BESIDE_A_POINT) for p in points
    ]
    _kind(axes, [(p.size, p.accuracy) for p in points], "*", "published, test images, more epochs")
    theirs: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for name, record in shown:
        ends = _ends(record)
        theirs += [ends[0]] if ends[0] is not None else []
        ours += [ends[1]] if ends[1] is not None else []
        if ends[1] is not None:
            named.append((labels.add(axes, name, ends[1]), labels.BESIDE_A_POINT))
        if ends[0] is not None and ends[1] is not None:
            x, y = zip(ends[0], ends[1], strict=True)
            axes.plot(x, y, color=style.GREY, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
    _kind(axes, theirs, "D", "the lab's networks, validation images")
    _kind(axes, ours, "o", "found by tuner, test images")
    every = [*theirs, *ours, *((p.size, p.accuracy) for p in points)]
    scales.counts(axes.xaxis, [size for size, _ in every], narrow=True)
    scales.accuracies(axes, [accuracy for _, accuracy in every])
    style.legend(axes, columns=1, below=True)
    labels.settle(axes, named)
    return figure


FACES = {"*": style.PAPER, "D": style.ORANGE, "o": style.BLUE}
AREAS = {"*": 110, "D": 55, "o": 60}


def _kind(axes: Axes, points: Sequence[tuple[float, float]], marker: str, label: str) -> None:
    if points:
        x, y = zip(*points, strict=True)
        axes.scatter(
            x,
            y,
            s=AREAS[marker],
            marker=marker,
            color=FACES[marker],
            edgecolors=style.INK,
            linewidths=1.0,
            label=label,
            zorder=3,
        )


def _ends(
    record: StudyRecord,
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """The lab's network and the smallest that was found, each as size and accuracy."""
    reference, best = record.reference, record.incumbent
    theirs = ours = None
    if reference is not None and reference.size and reference.val_measured is not None:
        theirs = (float(reference.size), reference.val_measured)
    if best is not None and best.size:
        tested, _ = words.tested(record, best)
        if tested is not None:
            ours = (float(best.size), tested)
    return theirs, ours
