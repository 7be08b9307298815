"""What a metric is like on one set of answers: what a constant has, and how noisy it is.

Both are known before any training, from the answers alone. The noise is that of a made-up model
which just meets the target: its scores are the truth with as much noise as it takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tuner.errors import StudyError
from tuner.objectives.metrics import Metric
from tuner.objectives.metrics.base import Array

MOST = 4_000
"""Answers that a yardstick is made from, the others taken to be like them; a standard error shrinks
with the root of their number."""

STEPS = 16
"""Halvings of the noise until the made-up model just meets the target."""

CERTAIN = 30.0
"""Difference of two logits at which a class is as good as certain."""


@dataclass(frozen=True)
class Yardstick:
    """How long a metric's lengths are, on the validation examples of one study.

    Attributes:
        unit: What counts as 1, in the metric's own lengths.
        error: Standard error of the metric of a model that just meets the target.
        constant: The metric of the best prediction that is the same for every example.
    """

    unit: float
    error: float
    constant: float

    def stored(self) -> dict[str, float]:
        """For the storage."""
        return asdict(self)

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Yardstick:
        """As it was stored."""
        return cls(*(float(fields[name]) for name in ("unit", "error", "constant")))


def yardstick(metric: Metric, y: Array, classes: int, target: float | None) -> Yardstick:
    """Measures a metric on answers.

    Args:
        metric: What a study measures.
        y: Answers of its validation examples, [n] class indices, or [n] or [n, k] numbers.
        classes: How many classes there are; 0: answers are numbers.
        target: The value to reach; None: of a sweep, whose error nobody asks for.

    Raises:
        StudyError: The target is beyond what perfect predictions have, or the metric does not get
            better where predictions do.
    """
    some = _some(np.asarray(y))
    made_up = _classes(some, classes) if classes else _numbers(some)
    perfect, constant = metric.of(some, made_up(0.0)), of_constant(metric, some, classes)
    _require_sense(metric, perfect, constant, target)
    unit = metric.unit or abs(constant - perfect)
    if not (math.isfinite(unit) and unit > 0):
        unit = abs(target or 0.0) or 1.0
    if target is None:
        return Yardstick(unit, 0.0, constant)
    found = made_up(_noise(metric, some, made_up, target))
    error = metric.standard_error(some, found) * math.sqrt(len(some) / max(len(y), 1))
    return Yardstick(unit, error, constant)


def of_constant(metric: Metric, y: Array, classes: int) -> float:
    """The best that a prediction has which is the same for every example.

    Of classes it is their shares, of numbers the mean or the median.
    """
    if classes:
        shares = np.bincount(y, minlength=classes) / max(len(y), 1)
        candidates = [shares]
    else:
        candidates = [y.mean(axis=0), np.median(y, axis=0)]
    values = [metric.of(y, np.broadcast_to(c, (len(y), *np.shape(c))).copy()) for c in candidates]
    return metric.best_of(values) if any(map(math.isfinite, values)) else values[0]  # type: ignore[return-value]


def _some(y: Array) -> Array:
    """Not too many of the answers."""
    if len(y) <= MOST:
        return y
    return np.asarray(y[np.sort(np.random.default_rng(0).choice(len(y), MOST, replace=False))])


def _classes(y: Array, classes: int) -> Callable[[float], Array]:
    """By noise from 0 to 1, probabilities that are right and sure, up to mere chance."""
    noise = np.random.default_rng(1).gumbel(size=(len(y), classes))
    right = np.eye(classes)[y]

    def scores(amount: float) -> Array:
        logits = noise * bool(amount) + right * CERTAIN * (1 - amount) ** 3
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    return scores


def _numbers(y: Array) -> Callable[[float], Array]:
    """By noise from 0 to 1, predictions from the truth to far from it."""
    truth = np.asarray(y, np.float64)
    spread = truth.std(axis=0)
    noise = np.random.default_rng(1).laplace(size=truth.shape) * np.where(spread > 0, spread, 1.0)

    def scores(amount: float) -> Array:
        return np.asarray(truth + 10 * amount**3 * noise)

    return scores


def _noise(metric: Metric, y: Array, made_up: Callable[[float], Array], target: float) -> float:
    """The noise at which the made-up model just meets the target."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        met = metric.missing(metric.of(y, made_up(middle)), target) <= 0
        low, high = (middle, high) if met else (low, middle)
    return high


def _require_sense(metric: Metric, perfect: float, constant: float, target: float | None) -> None:
    if metric.missing(perfect, constant) > 0:
        raise StudyError(
            f"metric {metric.title}: {metric.written(perfect)} of predictions that are all right "
            f"is worse than {metric.written(constant)} of a constant; turn metric_direction "
            "round, or mend the function."
        )
    if target is not None and metric.missing(perfect, target) > 0:
        raise StudyError(
            f"the target, {metric.title} {metric.goal(target)}, is beyond the "
            f"{metric.written(perfect)} of predictions that are all right; give another target."
        )
