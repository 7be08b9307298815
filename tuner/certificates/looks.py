"""Proof of a model: the very file that is delivered, measured once on the test examples.

A look is one measurement of one model on the test examples, and proves it where the one-sided
confidence bound of the metric is at or beyond the target. Over all its looks together, however
many there are, a study calls a model proven that does not meet the target with a chance of at most
`BUDGET`.

The budget is shared out in advance, most of it to the first looks, and only a look that fails uses
up its share. That is enough: of the models that do not meet the target, the first is looked at
with the first share at most, the second, where the first has failed, with the second at most, and
so on; all shares together are the budget, whatever the looks have in common (they share one set of
examples). Online control of this kind is J. Tian's and A. Ramdas's ("Online control of the
familywise error rate", Statistical Methods in Medical Research 30(4), 2021). Their online fallback
procedure adds what a proof had to the next share. It is not used: the sum holds for models that are
chosen in advance, and here the verdicts choose; tests/benchmarks/proofs shows where it goes beyond
the budget. The bound of an accuracy is exact: C. J. Clopper, E. S. Pearson, "The use of confidence
or fiducial limits illustrated in the case of the binomial", Biometrika 26(4), 1934.

Nothing else of the test examples than the verdicts may decide which model is looked at next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from tuner.objectives.metrics import Metric
from tuner.objectives.metrics.base import Array

BUDGET = 0.05
"""The chance that a study may have of calling any model proven that does not meet the target."""


def share(place: int) -> float:
    """The share of the budget of the looks that come when `place` - 1 others have failed.

    It falls with the square, so that endlessly many shares sum to 1: 61 % for the first, 83 % for
    the first three, and 1 % for the eighth. With 10,000 examples a model must be 1.2 points above
    a target of 75 % to be proven in four of five first looks, and 1.8 points for the eighth.

    Args:
        place: From 1 on.
    """
    return 6.0 / (math.pi * place) ** 2


def level_of_next(verdicts: Sequence[bool]) -> float:
    """The confidence level at which a study's next look must prove its model.

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model. A look that did
            costs nothing: the next one has as much as it had.

    Returns:
        A level in (0.95, 1).
    """
    return 1.0 - BUDGET * share(_failed(verdicts) + 1)


def budget_left(verdicts: Sequence[bool]) -> float:
    """The share of the budget that a study's later looks still have, in (0, 1].

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model.
    """
    return 1.0 - sum(share(place) for place in range(1, _failed(verdicts) + 1))


def _failed(verdicts: Sequence[bool]) -> int:
    return sum(not proven for proven in verdicts)


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
