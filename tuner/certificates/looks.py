"""Proof of a model: the very file that is delivered, measured once on the test examples.

A look is one measurement of one model on the test examples, and proves it where the one-sided
confidence bound of the metric is at or beyond the target. A study may be wrong about any of the
models that it calls proven with a chance of at most `BUDGET`, over all its looks together,
however many there are. The looks share one set of test examples, so their errors go together;
the budget holds under any dependence:

- J. Tian, A. Ramdas: "Online control of the familywise error rate", Statistical Methods in Medical
  Research 30(4), 2021 (the online fallback procedure);
- C. J. Clopper, E. S. Pearson: "The use of confidence or fiducial limits illustrated in the case of
  the binomial", Biometrika 26(4), 1934 (the bound of an accuracy).

Nothing else of the test examples than the verdicts may decide which model is looked at next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from tuner.objectives.metrics import Metric
from tuner.objectives.metrics.base import Array

BUDGET = 0.05
"""The chance that a study may have of calling any model proven that does not meet the target."""


def share(look: int) -> float:
    """The share of the budget that a look has of its own.

    It falls with the square of the look's number, so that all shares of endlessly many looks sum to
    1: 61 % for the first, 83 % for the first three, and 1 % for the eighth, which with 10,000
    examples needs an accuracy 0.6 points higher than the first to be proven as often.

    Args:
        look: From 1 on.
    """
    return 6.0 / (math.pi * look) ** 2


def level_of_next(verdicts: Sequence[bool]) -> float:
    """The confidence level at which a study's next look must prove its model.

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model. Only a look that
            failed has cost something: what a look that proved its model had, the next one has too.

    Returns:
        A level in (0.95, 1).
    """
    return 1.0 - _allowances(verdicts)[-1]


def budget_left(verdicts: Sequence[bool]) -> float:
    """The share of the budget that a study's later looks still have, in (0, 1].

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model.
    """
    allowed = _allowances(verdicts)
    handed_on = allowed[-1] - BUDGET * share(len(allowed))
    spent = sum(share(look) for look in range(1, len(allowed)))
    return 1.0 - spent + handed_on / BUDGET


def _allowances(verdicts: Sequence[bool]) -> list[float]:
    """By look, the next one included, the chance that it may have of a false proof."""
    allowed: list[float] = []
    handed_on = 0.0
    for look in range(1, len(verdicts) + 2):
        allowed.append(BUDGET * share(look) + handed_on)
        handed_on = allowed[-1] if look <= len(verdicts) and verdicts[look - 1] else 0.0
    return allowed


def binomial_bound(correct: int, n: int, level: float) -> float:
    """The exact one-sided lower confidence bound of a chance (Clopper and Pearson).

    Args:
        correct: How many examples of `n` are right.
        n: How many there are, at least 1.
        level: Confidence level, in (0, 1).

    Returns:
        A chance that the true one is not below, for a fraction of `level` or more of all sets of
        examples; 0 where none is right.

    Raises:
        ValueError: `correct` is not in 0 to `n`, or `n` is below 1.
    """
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"of n examples, at least 1, 0 to n are correct but got {correct} of {n}.")
    if correct == 0:
        return 0.0
    from scipy.special import betaincinv

    return float(betaincinv(correct, n - correct + 1, 1.0 - level))


def bound_of(metric: Metric, y_true: Array, scores: Array, level: float) -> float:
    """The confidence bound of a metric on its worse side, of one model's predictions.

    Args:
        metric: What is measured; one of `BOUNDS`.
        y_true: The truth, one entry an example, [n] or [n, ...].
        scores: What the model gave for each example, [n, ...].
        level: Confidence level, in (0, 1).

    Raises:
        ValueError: Nobody has said yet how that metric is bounded.
    """
    bound = BOUNDS.get(metric.name)
    if bound is None:
        known = ", ".join(BOUNDS)
        raise ValueError(f"only {known} can be proven of a model but got {metric.name}.")
    return bound(metric, y_true, scores, level)


def _bound_of_accuracy(metric: Metric, y_true: Array, scores: Array, level: float) -> float:
    n = len(y_true)
    return binomial_bound(round(metric.of(y_true, scores) * n), n, level)


BOUNDS: Mapping[str, Callable[[Metric, Array, Array, float], float]] = {
    "accuracy": _bound_of_accuracy,
}
"""By metric's name, the bound of it: a new metric that is to be proven of a model is a line here.

Each holds for any distribution of examples, at any number of them, with a chance of at least the
level; it is at the metric's worse side of the measured value.
"""
