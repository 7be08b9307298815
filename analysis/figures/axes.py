"""Axes of what is measured, of sizes and of epochs."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from tuner.records import words
from tuner.records.objectives import DEFAULT_METRIC, Metric


def measured(
    axes: Axes, values: Iterable[float], metric: Metric = DEFAULT_METRIC, *, axis: str = "y"
) -> None:
    """An axis of a metric, holding the values and some room; accuracies as percentages."""
    seen = _sane(np.array([v for v in values if v is not None and math.isfinite(v)]), metric)
    at = axes.yaxis if axis == "y" else axes.xaxis
    low, high = sorted((metric.worst, metric.best))
    if len(seen):
        least = 0.02 if metric.unit == 1.0 else 0.0
        room = max(least, 0.06 * float(np.ptp(seen))) or abs(float(seen[0])) / 10 or 1.0
        # Half of it beyond what the metric can be, so that marks there are seen whole.
        limits = (
            max(low - room / 2, seen.min() - room),
            min(high + room / 2, seen.max() + room),
        )
        axes.set_ylim(*limits) if axis == "y" else axes.set_xlim(*limits)
    shown = FuncFormatter(lambda v, _: metric.goal(v) if low - 1e-9 <= v <= high + 1e-9 else "")
    at.set_major_formatter(shown)


def accuracies(axes: Axes, values: Iterable[float], *, axis: str = "y") -> None:
    """An axis of fractions shown as percentages, holding the values and some room."""
    measured(axes, values, axis=axis)


OUTSIDE = 10.0
"""So many times as far from the best as the median, a value of no range is left out of an axis."""


def _sane(seen: np.ndarray, metric: Metric) -> np.ndarray:
    """The values without those that would flatten all others; a diverged training has some."""
    if not len(seen) or math.isfinite(metric.worst):
        return seen
    best = metric.best_of(seen)
    assert best is not None
    away = np.array([metric.missing(v, best) for v in seen])
    return np.asarray(seen[away <= OUTSIDE * max(float(np.median(away)), 1e-12)])


def epochs(axes: Axes, last: int) -> None:
    """The x axis in whole epochs, from 1 to `last`."""
    axes.set_xlim(0.5, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def counts(axis: Axis, values: Iterable[float], *, narrow: bool = False) -> None:
    """A logarithmic axis of counts, its ticks written out; fewer of them on a `narrow` one."""
    seen = [float(v) for v in values if v > 0] or [1.0, 10.0]
    low, high = min(seen), max(seen)
    # Room for a tick on either side, also where all values are the same.
    limits = (low / 1.4, high * 1.4) if high > 3 * low else (low / 2, high * 2)
    _log(axis, limits)
    decades = math.log10(limits[1] / limits[0]) * (2 if narrow else 1)
    steps = (1.0,) if decades > 4.5 else (1.0, 3.0) if decades > 2.5 else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps, numticks=5 if narrow and decades > 4.5 else 16))


def powers(axis: Axis, values: Iterable[float]) -> None:
    """A logarithmic axis with a tick at each of the values."""
    seen = sorted({float(v) for v in values})
    _log(axis, (seen[0] / 1.4, seen[-1] * 1.4))
    axis.set_major_locator(FixedLocator(seen))


def _log(axis: Axis, limits: tuple[float, float]) -> None:
    axes = axis.axes
    if axis is axes.xaxis:
        axes.set_xscale("log")
        axes.set_xlim(*limits)
    else:
        axes.set_yscale("log")
        axes.set_ylim(*limits)
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda v, _: words.short_count(v)))
