"""Targets and margins as they are typed: what they may be depends on the study's metric."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tuner.cli.options import fraction

if TYPE_CHECKING:
    from tuner.objectives.metrics import Metric


def number(raw: str | float) -> float:
    """A kind of value: any number.

    Raises:
        click.BadParameter: It is none.
    """
    typed = str(raw).strip()
    try:
        return float(typed)
    except ValueError as error:
        try:
            share = float(typed.removesuffix("%"))
        except ValueError:
            said = "must be a number, of accuracy a fraction such as 0.75, but got"
            raise click.BadParameter(f"{said} {raw!r}") from error
        hint = f"for {share:g} % write {share / 100:g}"
        raise click.BadParameter(f"must be a number, but got {raw}; {hint}") from error


def check_goals(study: str, chosen: dict[str, Any]) -> None:
    """Checks ``--target`` and ``--margin`` against the range of the study's metric.

    Args:
        study: What was typed for the study; one that is not there is left to the search.
        chosen: The options by name, changed in place: a metric is left out where none was typed.

    Raises:
        click.BadParameter: One is out of the metric's range.
    """
    metric = _metric(study, chosen)
    for option, check in (("target", _target), ("margin", _margin)):
        if chosen.get(option) is None:
            continue
        try:
            check(chosen[option], metric)
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


def _target(asked: float, metric: Metric) -> None:
    low, high = sorted((metric.worst, metric.best))
    if metric.is_share:
        fraction(low, high, with_low=False)(f"{asked:g}")
    elif not low < asked < high:
        edges = [f"above {low:g}"] * math.isfinite(low) + [f"below {high:g}"] * math.isfinite(high)
        rule = " and ".join(edges) or "a finite number"
        raise click.BadParameter(f"must be {rule} for {metric.title}, but got {asked:g}")


def _margin(asked: float, metric: Metric) -> None:
    if metric.unit is not None:
        fraction(0, 0.5, with_low=True)(f"{asked:g}")
    elif not 0 <= asked < math.inf:
        raise click.BadParameter(f"must be at least 0, but got {asked:g}")
