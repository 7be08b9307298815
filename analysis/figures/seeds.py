"""Figures of sweeps: bands over seeds."""

from __future__ import annotations

from typing import Any

import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import frames
from analysis.figures import axes as scales
from analysis.figures import style
from tuner.records import words
from tuner.records.objectives import Metric
from tuner.records.studies import StudyRecord

PARTS = ("training", "validation", "test")
"""Examples that something was measured on."""


def measured_parts(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row for each training of a sweep and each part of the examples, after the last epoch.

    Returns:
        Columns ``configuration`` (the cell in words), ``dataset``, ``seed``, ``part`` (see
        ``PARTS``), the metric by its name, and one ``cell.NAME`` for each varied hyperparameter.
        A part that was not measured has no row.
    """
    record = frames.record_of(study)
    column = record.metric.key
    rows: list[dict[str, Any]] = []
    for trial in record.trained:
        if trial.cell is None or not trial.history:
            continue
        last = trial.history[-1]
        measured = (last.measured, last.val_measured, trial.test_measured)
        shared = {
            "configuration": words.cell(trial),
            "dataset": trial.dataset,
            "seed": trial.seed,
            **{f"cell.{k}": v for k, v in trial.cell.items()},
        }
        rows += [
            {**shared, "part": part, column: value}
            for part, value in zip(PARTS, measured, strict=True)
            if value is not None
        ]
    names = ["configuration", "dataset", "seed", "part", column]
    frame = pd.DataFrame(rows, columns=[*names, *[c for c in _keys(rows) if c not in names]])
    return frame.dropna(subset=[column]).reset_index(drop=True)


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(k for row in rows for k in row))


def varied(study: optuna.Study | StudyRecord, name: str = "batch_size") -> Figure:
    """The metric after the last epoch against a numeric hyperparameter of the sweep.

    The band is the standard deviation over seeds (and over whatever else the sweep varies).

    Args:
        study: A sweep.
        name: The hyperparameter, by its keras-tuner name.
    """
    record = frames.record_of(study)
    frame = measured_parts(record)
    column = f"cell.{name}"
    if column not in frame or frame.empty:
        return style.message(f"{record.name}: no training of different {name} yet.")
    frame[column] = frame[column].astype(float)
    figure = style.new_figure(height=3.8)
    axes = figure.add_subplot()
    title = style.titled(
        record, f"{record.metric.title} after the last epoch by {style.shorten(name)}"
    )
    style.dress(axes, title, style.shorten(name), record.metric.title)
    _bands(axes, frame, column, record.metric)
    values = sorted(set(frame[column]))
    if values[0] > 0 and values[-1] / values[0] >= 8:
        scales.powers(axes.xaxis, values)
    else:
        axes.set_xticks(values)
    scales.measured(axes, frame[record.metric.key], record.metric)
    style.legend(axes, columns=3, below=True)
    return figure


def _bands(axes: Axes, frame: pd.DataFrame, column: str, metric: Metric) -> None:
    import seaborn as sns  # takes two seconds: a search's page does without

    for i, part in enumerate(PARTS):
        rows = frame[frame["part"] == part]
        if rows.empty:
            continue
        seeds = rows.groupby(column)[metric.key].count()
        number = (
            f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
        )
        sns.lineplot(
            rows,
            x=column,
            y=metric.key,
            errorbar="sd",
            color=style.COLOURS[i],
            linestyle=style.LINES[i],
            marker=style.MARKERS[i],
            markeredgecolor=style.PAPER,
            label=f"{part}: mean and SD of {number} seeds",
            legend=False,
            ax=axes,
        )
    axes.set(xlabel=axes.get_xlabel().removeprefix("cell."), ylabel=metric.title)


def gap(study: optuna.Study | StudyRecord) -> Figure:
    """The metric in training, validation and test of each configuration: mean, and every seed."""
    record = frames.record_of(study)
    frame = measured_parts(record)
    if frame.empty:
        return style.message(f"{record.name}: no training of the sweep yet.")
    if len(record.data) > 1:
        bare = frame["configuration"] == "as it is"
        frame["configuration"] = frame["dataset"].where(
            bare, frame["dataset"] + ", " + frame["configuration"]
        )
    names = list(dict.fromkeys(frame["configuration"]))
    figure = style.new_figure(height=1.5 + 0.55 * len(names))
    axes = figure.add_subplot()
    title = style.titled(
        record, f"training, validation and test {record.metric.title} after the last epoch"
    )
    style.dress(axes, title, record.metric.title, grid="x")
    for i, part in enumerate(PARTS):
        rows = frame[frame["part"] == part]
        where = [names.index(c) + 0.22 * (i - 1) for c in rows["configuration"]]
        look = (style.COLOURS[i], style.MARKERS[i])
        axes.scatter(
            rows[record.metric.key], where, s=16, marker=look[1], color=look[0], alpha=0.55
        )
        means = rows.groupby("configuration")[record.metric.key].mean()
        axes.scatter(
            means,
            [names.index(c) + 0.22 * (i - 1) for c in means.index],
            s=60,
            marker=look[1],
            color=look[0],
            edgecolors=style.INK,
            linewidths=1,
            label=f"{part} (outlined: mean)" if len(rows) else None,
        )
    axes.set_yticks(range(len(names)), style.told_apart(names, 40))
    axes.set_ylim(len(names) - 0.5, -0.5)
    scales.measured(axes, frame[record.metric.key], record.metric, axis="x")
    style.legend(axes, columns=3, below=True)
    return figure


def gaps(record: StudyRecord) -> pd.DataFrame:
    """Mean, standard deviation and number of seeds of each part, a row a configuration."""
    frame = measured_parts(record)
    keys = ["dataset", "configuration"]
    if frame.empty:
        return pd.DataFrame(columns=keys)
    groups = [
        {"dataset": dataset, "configuration": configuration, **_spread(rows, record.metric.key)}
        for (dataset, configuration), rows in frame.groupby(keys, sort=False, dropna=False)
    ]
    return pd.DataFrame(groups)


def _spread(rows: pd.DataFrame, column: str) -> dict[str, float]:
    """``training mean``, ``training std``, ``training count`` and so on."""
    found: dict[str, float] = {}
    for part in PARTS:
        some = rows.loc[rows["part"] == part, column]
        found |= {
            f"{part} mean": some.mean(),
            f"{part} std": some.std(),
            f"{part} count": len(some),
        }
    return found
