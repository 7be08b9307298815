"""The rules of a certificate: how many seeds, how long, and what their accuracies say.

The bound is the one-sided confidence bound of a mean by Student's t (Student, "The probable error
of a mean", Biometrika 6, 1908).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tuner.certificates import SEEDS
from tuner.curves.curve import carried, read_curve
from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.target import Target
from tuner.records.certificates import Verdict

LEVEL = 0.95

SPREAD = 0.006
"""Standard deviation of a small network's accuracy over seeds, as measured on CIFAR-10."""

CLEARLY = 2.33
"""Standard errors below the target at which a mean is given up before the last seed."""

LONGER = 1.25
"""A certificate's trainings have at least so many times the epochs of the one that led to it."""

FURTHER = 0.02
"""How much further than the target they should come: a point for what the best of many validation
accuracies promises too much, and one for the scatter of fresh seeds."""


def one_sided_bound(
    measured: Sequence[float], level: float = LEVEL, metric: Metric = DEFAULT_METRIC
) -> float | None:
    """The one-sided confidence bound of the mean on the metric's worse side, by Student's t.

    Args:
        measured: Values of the metric, one a seed.
        level: Confidence level.
        metric: Says which side is the worse one: below, where more of it is better.

    Returns:
        The bound; None for fewer than two values.
    """
    n = len(measured)
    if n < 2:
        return None
    from scipy.special import stdtrit

    error = float(np.std(measured, ddof=1)) / math.sqrt(n)
    return metric.beyond(float(np.mean(measured)), -float(stdtrit(n - 1, level)) * error)


def verdict_of(measured: Sequence[float], target: Target, planned: int = SEEDS) -> Verdict | None:
    """The verdict, or None while more seeds are needed.

    Nothing is certified before the last seed, so looking early can refute by mistake but not
    certify by mistake: the chance to certify a model whose mean is the target stays at most
    1 - `LEVEL`.

    Args:
        measured: Values of the metric on the test examples so far, one a seed.
        target: What the bound must meet.
        planned: How many seeds there shall be.
    """
    n = len(measured)
    if n == 0:
        return None
    metric = target.metric
    bound = one_sided_bound(measured, metric=metric)
    if n >= planned:
        return "certified" if bound is not None and target.is_met(bound) else "refuted"
    spread = max(float(np.std(measured, ddof=1)) if n > 1 else 0.0, SPREAD)
    hoped_mean = metric.beyond(float(np.mean(measured)), CLEARLY * spread / math.sqrt(n))
    if not target.is_met(hoped_mean):
        return "refuted"
    best = metric.best_of(measured)
    if n == 1 or best is None:
        return None
    # Nor is there hope where it would not be certified if all the others were better than any yet.
    others = [metric.beyond(best, SPREAD)] * (planned - n)
    hoped = one_sided_bound([*measured, *others], metric=metric)
    return "refuted" if hoped is not None and not target.is_met(hoped) else None


def training_epochs(
    measured: Sequence[float], horizon: int, metric: Metric = DEFAULT_METRIC
) -> int:
    """Epochs of each of a certificate's trainings.

    Args:
        measured: The metric on validation examples after each epoch of the training that met the
            target.
        horizon: The most epochs that one may use.
        metric: Says which way the curve goes where it gets better.

    Returns:
        At least the epochs it used; a quarter more, and more than that where its curve was still
        rising and `FURTHER` is further away.
    """
    used = len(measured)
    shortest = min(horizon, math.ceil(LONGER * used))
    curve = read_curve(
        {epoch: metric.missing(value, 0.0) for epoch, value in enumerate(measured, 1)}
    )
    if curve is None or curve.last_doubling <= 0:
        return shortest
    for epochs in range(shortest, horizon):
        if carried(curve.last_doubling, math.log2(epochs / used)) >= FURTHER:
            return epochs
    return horizon
