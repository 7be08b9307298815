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


def lower_bound(accuracies: Sequence[float], level: float = LEVEL) -> float | None:
    """The one-sided lower confidence bound of the mean, by Student's t.

    Args:
        accuracies: One a seed, fractions.
        level: Confidence level.

    Returns:
        The bound; None for fewer than two accuracies.
    """
    n = len(accuracies)
    if n < 2:
        return None
    from scipy.special import stdtrit

    error = float(np.std(accuracies, ddof=1)) / math.sqrt(n)
    return float(np.mean(accuracies)) - float(stdtrit(n - 1, level)) * error


def verdict_of(accuracies: Sequence[float], target: float, planned: int = SEEDS) -> Verdict | None:
    """The verdict, or None while more seeds are needed.

    Nothing is certified before the last seed, so looking early can refute by mistake but not
    certify by mistake: the chance to certify a model whose mean is the target stays at most
    1 - `LEVEL`.

    Args:
        accuracies: Test accuracies so far, one a seed, fractions.
        target: The accuracy to reach.
        planned: How many seeds there shall be.
    """
    n = len(accuracies)
    if n == 0:
        return None
    bound = lower_bound(accuracies)
    if n >= planned:
        return "certified" if bound is not None and bound >= target else "refuted"
    spread = max(float(np.std(accuracies, ddof=1)) if n > 1 else 0.0, SPREAD)
    if float(np.mean(accuracies)) + CLEARLY * spread / math.sqrt(n) < target:
        return "refuted"
    if n == 1:
        return None
    # Nor is there hope where it would not be certified if all the others were better than any yet.
    hoped = lower_bound([*accuracies, *[max(accuracies) + SPREAD] * (planned - n)])
    return "refuted" if hoped is not None and hoped < target else None


def training_epochs(accuracies: Sequence[float], horizon: int) -> int:
    """Epochs of each of a certificate's trainings.

    Args:
        accuracies: Validation accuracy after each epoch of the training that met the target.
        horizon: The most epochs that one may use.

    Returns:
        At least the epochs it used; a quarter more, and more than that where its curve was still
        rising and `FURTHER` is further away.
    """
    used = len(accuracies)
    shortest = min(horizon, math.ceil(LONGER * used))
    curve = read_curve({epoch: -accuracy for epoch, accuracy in enumerate(accuracies, 1)})
    if curve is None or curve.last_doubling <= 0:
        return shortest
    for epochs in range(shortest, horizon):
        if carried(curve.last_doubling, math.log2(epochs / used)) >= FURTHER:
            return epochs
    return horizon
