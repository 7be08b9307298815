"""Which hyperparameters mattered for what is measured in validation, and how."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from analysis import frames
from analysis.figures import axes as scales
from analysis.figures import style
from analysis.figures.importances import FEWEST, importances, measured, plain, range_of
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord


def importance(
    study: optuna.Study | StudyRecord,
    most: int = 12,
    shares: pd.Series[float] | None = None,
) -> Figure:
    """Bars of `importances`, the `most` important ones; `shares`: where they are known already."""
    record = frames.record_of(study)
    found = importances(record) if shares is None else shares
    if found.empty:
        seen = len(measured(record))
        return style.message(f"Importance needs {FEWEST} trained trials; there are {seen}.")
    top = found.head(most)[::-1]
    figure = style.new_figure(height=0.9 + 0.27 * len(top))
    axes = figure.add_subplot()
    title = style.titled(record, f"importance for the validation {record.metric.title}")
    style.dress(axes, title, "share of the importance (PED-ANOVA)", grid="x")
    names = style.told_apart(list(top.index), 32)
    bars = axes.barh(range(len(top)), top, color=style.BLUE, height=0.7)
    axes.set_yticks(range(len(top)), names)
    labels = [words.percent(v, 0) for v in top]
    axes.bar_label(bars, labels=labels, padding=3, fontsize=8, color=style.INK)
    axes.set_xlim(0, max(0.05, min(1.0, top.max() * 1.12)))
    # Whole per cents only, or two ticks say the same.
    axes.xaxis.set_major_locator(FixedLocator(_whole_percents(axes.get_xlim()[1])))
    axes.xaxis.set_major_formatter(lambda v, _: words.percent(v, 0))
    return figure


def _whole_percents(top: float) -> list[float]:
    places = MaxNLocator(6, integer=True).tick_values(0, 100 * top)
    return [v / 100 for v in places if v <= 100 * top + 1e-9]


def marginal_effects(
    study: optuna.Study | StudyRecord,
    most: int = 6,
    shares: pd.Series[float] | None = None,
) -> Figure:
    """The metric in validation against each of the most important hyperparameters, by outcome.

    The line is the median within equal groups of trials; other hyperparameters vary along.
    `shares`: the importances, where they are known already.
    """
    record = frames.record_of(study)
    found = importances(record) if shares is None else shares
    names = list(found.head(most).index)
    if not names:
        return style.message(f"Effects need {FEWEST} trained trials of differing configurations.")
    trials = measured(record)
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = style.new_figure(height=0.8 + 2.1 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for axes, name, shown in zip(panels, names, style.told_apart(names, 26), strict=False):
        some = [t for t in trials if t.values.get(name) is not None]
        style.dress(axes, "", shown)
        _effect(axes, name, some)
    for axes in panels[: len(names) : columns]:
        axes.set_ylabel(f"validation {record.metric.title}", fontsize=9)
    scales.measured(panels[0], [t.val_measured or 0.0 for t in trials], record.metric)
    title = style.titled(record, f"validation {record.metric.title} by hyperparameter, best epoch")
    figure.suptitle(title, fontsize=10, color=style.INK, x=0.01, ha="left")
    _shared_legend(figure, panels)
    return figure


def _shared_legend(figure: Figure, panels: Any) -> None:
    # Every outcome must be in the legend, also one that the first panel lacks.
    handles = {k: v for a in panels for v, k in zip(*a.get_legend_handles_labels(), strict=True)}
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower left",
        ncols=5,
        fontsize=8,
        labelcolor=style.INK,
        edgecolor="none",
        facecolor=style.PAPER,
    )


def _effect(axes: Axes, name: str, trials: list[TrialRecord]) -> None:
    values = [t.values[name] for t in trials]
    at = range_of(values)
    kinds: list[str] = []
    if isinstance(at, CategoricalDistribution):
        kinds = [str(c) for c in at.choices]
        places = np.array([float(kinds.index(str(plain(v)))) for v in values])
    else:
        places = np.array([float(v) for v in values])
    log = isinstance(at, IntDistribution | FloatDistribution) and at.log
    apart = _apart(places, log=log, half=0.18 if kinds else None)
    seen = np.array([t.val_measured or 0.0 for t in trials])
    for outcome, look in style.LOOKS.items():
        mine = np.array([t.outcome == outcome for t in trials])
        if mine.any():
            axes.scatter(
                apart[mine],
                seen[mine],
                s=14,
                marker=look.marker,
                color=look.colour,
                alpha=0.7,
                linewidths=0,
                label=look.label,
                rasterized=len(trials) > 400,
            )
    if kinds:
        names = [style.shorten(k, 12) for k in kinds]
        crowded = len(kinds) > 4 or max(map(len, names)) > 8
        axes.set_xticks(range(len(kinds)), names, rotation=30 if crowded else 0)
        axes.set_xlim(-0.5, len(kinds) - 0.5)
    elif log:
        scales.counts(axes.xaxis, places, narrow=True)
    elif isinstance(at, IntDistribution):
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    if not kinds and not log:
        axes.margins(x=0.1)
    _median(axes, places, seen, groups=len(kinds))


def _apart(places: Any, *, log: bool, half: float | None = None) -> Any:
    """Places of trials with points of the same value moved apart, by at most `half` either way.

    Without `half` by what the values leave room for.
    """
    at = np.log10(places) if log else places
    values, where, times = np.unique(at, return_inverse=True, return_counts=True)
    if half is None:
        gaps = np.diff(values)
        half = min(0.03 * float(np.ptp(values)), 0.35 * float(gaps.min())) if len(gaps) else 0.1
    # The same shift for the same trial, so that a page is the same each time it is made.
    shift = np.random.default_rng(0).uniform(-half, half, len(at)) * (times[where] > 1)
    return 10 ** (at + shift) if log else at + shift


def _groups(places: Any, most: int = 5) -> list[Any]:
    """The trials in up to `most` groups of rising value, those of one value in one group."""
    values, where, times = np.unique(places, return_inverse=True, return_counts=True)
    if len(values) <= most:
        number = np.arange(len(values))
    else:
        middle = np.cumsum(times) - times / 2
        number = (most * middle / len(places)).astype(int)
    return [np.flatnonzero(number[where] == k) for k in np.unique(number)]


def _median(axes: Axes, places: Any, seen: Any, groups: int) -> None:
    """The median of what was seen: of each kind, or of groups of trials by rising value."""
    if groups:
        parts = [p for k in range(groups) if len(p := np.flatnonzero(places == k))]
    else:
        parts = _groups(places)
    x = [float(np.median(places[p])) for p in parts]
    y = [float(np.median(seen[p])) for p in parts]
    line = "none" if groups else "-"
    axes.plot(
        x, y, color=style.INK, linestyle=line, marker="_", ms=14, mew=2, lw=1.4, label="median"
    )
