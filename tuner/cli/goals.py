"""Targets and margins as they are typed: what they may be depends on the study's metric."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.options import fraction

if TYPE_CHECKING:
    from tuner.objectives.metrics import Metric


def read_goals(study: str, chosen: dict[str, Any]) -> None:
    """Makes numbers of what was typed for ``--target`` and ``--margin``.

    Args:
        study: What was typed for the study; one that is not there is left to the search.
        chosen: The options by name, changed in place: those that say nothing are left out.

    Raises:
        click.BadParameter: One is no number, or out of the metric's range.
    """
    metric = _metric(study, chosen)
    for option, convert in (("target", _target), ("margin", _margin)):
        if chosen.get(option) is None:
            continue
        try:
            chosen[option] = convert(chosen[option], metric)
        except click.BadParameter as error:
            error.ctx = click.get_current_context()
            error.param_hint = f"'--{option}'"
            raise
    for option in ("metric", "metric_direction"):
        if chosen.get(option) is None:
            chosen.pop(option, None)


def _metric(study: str, chosen: dict[str, Any]) -> Metric:
    """What the search measures; accuracy where that cannot be told, and will be told later."""
    from tuner.errors import TunerError
    from tuner.objectives.metrics import DEFAULT_METRIC, metric_of
    from tuner.specs.files import read_study

    name, direction = chosen.get("metric"), chosen.get("metric_direction")
    if name is not None and ".py:" in name:
        file, _, function = name.rpartition(":")
        chosen["metric"] = name = f"{Path(file).expanduser().resolve()}:{function}"
    try:
        return read_study(study).measured if name is None else metric_of(name, direction)
    except (TunerError, ValueError):
        return DEFAULT_METRIC


def _target(raw: str, metric: Metric) -> float:
    low, high = sorted((metric.worst, metric.best))
    if metric.is_share:
        return fraction(low, high, with_low=False)(raw)
    number = _number(raw)
    if low < number < high:
        return number
    edges = [f"above {low:g}"] * math.isfinite(low) + [f"below {high:g}"] * math.isfinite(high)
    rule = " and ".join(edges) or "a finite number"
    raise click.BadParameter(f"must be {rule} for {metric.title}, but got {raw}")


def _margin(raw: str, metric: Metric) -> float:
    if metric.unit is not None:
        return fraction(0, 0.5, with_low=True)(raw)
    number = _number(raw)
    if 0 <= number < math.inf:
        return number
    raise click.BadParameter(f"must be at least 0, but got {raw}")


def _number(raw: str) -> float:
    try:
        return float(raw)
    except ValueError as error:
        raise click.BadParameter(f"must be a number such as 0.75, but got {raw!r}") from error
