"""Configurations as points of the unit cube, and back: one coordinate per parameter.

Numbers lie where their range puts them, in the logarithm where the range is logarithmic. Choices
that are all numbers keep their order, other choices have none; every choice has its
share of [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.trial import FrozenTrial


@dataclass
class _Column:
    """One parameter: values ↔ coordinates.

    Attributes:
        dist: Its distribution.
        choices: Its values, in ascending order where they are numbers; None for a numerical one.
        ordered: Whether neighbouring coordinates mean similar values.
    """

    dist: BaseDistribution
    choices: list[Any] | None = field(init=False, default=None)
    ordered: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        if isinstance(self.dist, CategoricalDistribution):
            self.choices = list(self.dist.choices)
            self.ordered = all(
                isinstance(c, (int, float)) and not isinstance(c, bool) and not math.isnan(c)
                for c in self.choices
            )
            if self.ordered:
                self.choices.sort()

    def encode(self, value: Any) -> float:
        if self.choices is not None:
            for index, choice in enumerate(self.choices):
                if choice is value or choice == value:
                    return (index + 0.5) / len(self.choices)
            return 0.5
        low, high = self._bounds()
        if high <= low:
            return 0.5
        value = float(value)
        if self._log:
            value = math.log(value) if value > 0 else low
        return float((value - low) / (high - low))

    def decode(self, units: np.ndarray) -> list[Any]:
        """Plain Python values for coordinates in [0, 1], shaped [n]."""
        if self.choices is not None:
            count = len(self.choices)
            picks = np.minimum((units * count).astype(int), count - 1)
            return [self.choices[i] for i in picks]
        assert isinstance(self.dist, (IntDistribution, FloatDistribution))
        low, high = self._bounds()
        raw = low + np.clip(units, 0.0, 1.0) * (high - low)
        raw = np.exp(raw) if self._log else raw
        if self.dist.step is not None:
            raw = self.dist.low + np.round((raw - self.dist.low) / self.dist.step) * self.dist.step
        raw = np.clip(raw, self.dist.low, self.dist.high)
        if isinstance(self.dist, IntDistribution):
            return [int(v) for v in np.rint(raw)]
        return [float(v) for v in raw]

    @property
    def _log(self) -> bool:
        return bool(getattr(self.dist, "log", False))

    def _bounds(self) -> tuple[float, float]:
        """Edges of the range; half a step wider where there are steps, for equal shares."""
        assert isinstance(self.dist, (IntDistribution, FloatDistribution))
        half = (self.dist.step or 0) / 2
        low, high = self.dist.low - half, self.dist.high + half
        return (math.log(low), math.log(high)) if self._log else (low, high)


class Encoding:
    """The coordinates of a search space.

    Args:
        space: Distribution by name; for a conditional space the union of all its parts.
        center: Sensible values by name; where one is missing, the middle of the range.
    """

    def __init__(self, space: Mapping[str, BaseDistribution], center: Mapping[str, Any]) -> None:
        self.names = sorted(space)
        self.columns = [_Column(space[name]) for name in self.names]
        self.center = np.array(
            [
                column.encode(center[name]) if name in center else 0.5
                for name, column in zip(self.names, self.columns, strict=True)
            ]
        )
        self.center = self.snap(self.center[None])[0] if self.names else self.center

    def encode(self, params: Mapping[str, Any]) -> np.ndarray:
        """Coordinates [d] of a configuration; NaN where it has no such parameter."""
        return np.array(
            [
                column.encode(params[name]) if name in params else math.nan
                for name, column in zip(self.names, self.columns, strict=True)
            ]
        )

    def decode(self, units: np.ndarray) -> list[dict[str, Any]]:
        """Configurations for coordinates [n, d], with every parameter of the space."""
        values = [column.decode(units[:, i]) for i, column in enumerate(self.columns)]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*values, strict=True)]

    def snap(self, units: np.ndarray) -> np.ndarray:
        """Coordinates [n, d] of the values that ``units`` [n, d] decode to."""
        snapped = np.empty_like(units)
        for i, column in enumerate(self.columns):
            decoded = column.decode(units[:, i])
            memo = {value: column.encode(value) for value in set(decoded)}
            snapped[:, i] = [memo[value] for value in decoded]
        return snapped

    def features(self, units: np.ndarray, rules: Sequence[Rule | None]) -> np.ndarray:
        """What the surrogate sees of coordinates [n, d]: orderless choices one-hot, [n, f].

        A parameter that is missing or not in use stands at its center, so that what it might
        have been makes no difference.
        """
        blocks = []
        for i, (column, rule) in enumerate(zip(self.columns, rules, strict=True)):
            values = units[:, i]
            if rule is not None:
                values = np.where(rule.active(units), values, self.center[i])
            values = np.where(np.isnan(values), self.center[i], values)
            if column.ordered or column.choices is None:
                blocks.append(values[:, None])
            else:
                count = len(column.choices)
                picks = np.minimum((values * count).astype(int), count - 1)
                blocks.append(np.eye(count)[picks] / math.sqrt(2))
        return np.hstack(blocks)


def place(point: np.ndarray) -> tuple[float, ...]:
    """What is the same for two trainings of one configuration."""
    return tuple(np.where(np.isnan(point), -1.0, point.round(9)).tolist())


@dataclass(frozen=True)
class Rule:
    """When a conditional parameter is in use, as read off earlier trials.

    Attributes:
        parent: Index of the parameter that decides.
        inactive: Coordinates of the parent with which the parameter was never in use.
    """

    parent: int
    inactive: tuple[float, ...]

    def active(self, units: np.ndarray) -> np.ndarray:
        """Whether the parameter is in use, for coordinates [n, d]: bool [n]."""
        return ~np.isin(units[:, self.parent].round(9), self.inactive)


def activity_rules(encoding: Encoding, points: np.ndarray) -> list[Rule | None]:
    """For every parameter that some trials lack, the parent whose value decides.

    Args:
        encoding: The space.
        points: Coordinates of trials, [n, d], NaN for what a trial does not have.

    Returns:
        A rule or None for each parameter. A parent's value never seen counts as in use.
    """
    present = ~np.isnan(points)
    rules: list[Rule | None] = []
    for child in range(points.shape[1]):
        rules.append(None)
        if present[:, child].all():
            continue
        for parent in range(points.shape[1]):
            known = present[:, parent]
            values = points[:, parent].round(9)
            without = set(values[known & ~present[:, child]])
            if parent == child or not known.all() or not without:
                continue
            if not without & set(values[known & present[:, child]]):
                rules[child] = Rule(parent, tuple(sorted(without)))
                break
    return rules


def union_space(trials: Sequence[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Every parameter that a trial has had, with its newest distribution."""
    space: dict[str, BaseDistribution] = {}
    for trial in sorted(trials, key=lambda t: t.number):
        space.update(trial.distributions)
    return {name: space[name] for name in sorted(space)}
