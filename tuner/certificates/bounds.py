"""One-sided confidence bounds of a metric, on the side where it is worse.

Of a fraction of examples the bound is exact: C. J. Clopper, E. S. Pearson, "The use of confidence
or fiducial limits illustrated in the case of the binomial", Biometrika 26(4), 1934.

Other metrics are about their true value plus the mean of what each example adds
(`Metric.influence`). The mean over a set of examples is not quite normal where few of them add a
lot, and a bound from its standard error alone is wrong too often then: of rare mistakes a set may
hold none. So its skewness is taken out: P. Hall, "On the removal of skewness by transformation",
Journal of the Royal Statistical Society B 54(1), 1992. And what was never seen is reckoned with, as
the exact bound of a fraction does: the standard error and the skewness are also those of the
examples with one more mistake in each class: one that is put into another, or, of a metric of
ranks, that is misplaced. Of numbers it is an error of `UNSEEN` times the worst.

tests/benchmarks/proofs says for which distributions of examples the level holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tuner.objectives.metrics import Metric
from tuner.objectives.metrics.base import Array
from tuner.objectives.metrics.resampling import resampled

MISPLACED = 0.25
"""Share of the others that an example which was not seen is taken to be on the wrong side of."""

UNSEEN = 2.5
"""How many times as large as the worst error one is taken to be that was not seen. With less, a set
without any of the rare errors that are ten times as large proves too many models."""

CAUTION = 1.5
"""A bound that is not exact is taken at a level at which it should be wrong so many times less:
where a rare class adds the most it is wrong up to 1.5 times as often as it should be."""

DRAWS = 2_000
"""Sets of examples drawn for the bound of a metric of which only values can be had."""


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
        metric: What is measured.
        y_true: The truth, one entry an example, [n] or [n, ...].
        scores: What the model gave for each example, [n, ...].
        level: Confidence level, in (0, 1).

    Returns:
        The bound; the metric's worst value where the scores are not finite.
    """
    if metric.name not in BOUNDS and not np.isfinite(scores).all():
        return metric.worst
    bound = BOUNDS.get(metric.name)
    if bound is None:
        bound = _bound_of_values if metric.influence(y_true, scores) is None else _bound_of_means
    return bound(metric, y_true, scores, level)


def _bound_of_share(metric: Metric, y_true: Array, scores: Array, level: float) -> float:
    n = len(y_true)
    return binomial_bound(round(metric.of(y_true, scores) * n), n, level)


@dataclass(frozen=True)
class Means:
    """A metric that is about a mean over examples, with what its bounds rest on.

    Attributes:
        metric: What is measured.
        value: What it is of these examples.
        each: What each of them adds, [n].
        more: The same with a mistake more, [n + 1 or more].
        freedom: Degrees of freedom of their deviation; None: as many as there are examples.
    """

    metric: Metric
    value: float
    each: Array
    more: Array
    freedom: float | None

    @classmethod
    def of(cls, metric: Metric, y_true: Array, scores: Array) -> Means:
        """Of one model's predictions, by a metric that has influences."""
        value, each = metric.of(y_true, scores), metric.influence(y_true, scores)
        assert each is not None
        if metric.of_classes or not metric.needs_classes:
            more = metric.influence(*with_mistakes(metric, y_true, scores))
        else:
            more = with_misplaced(value, y_true, each)
        assert more is not None
        freedom = _freedom(y_true, each) if metric.needs_classes else None
        return cls(metric, value, each, more, freedom)

    def bound(self, level: float) -> float:
        """The confidence bound on the metric's worse side."""
        side, level = 1.0 if self.metric.greater_is_better else -1.0, _cautious(level)
        reaches = (reach_of(side * one, level, self.freedom) for one in (self.each, self.more))
        return _within(self.metric, self.metric.beyond(self.value, -max(reaches)))


def _bound_of_means(metric: Metric, y_true: Array, scores: Array, level: float) -> float:
    return Means.of(metric, y_true, scores).bound(level)


def _bound_of_values(metric: Metric, y_true: Array, scores: Array, level: float) -> float:
    """Of a metric of which only values can be had: from its values on sets drawn anew."""
    side, level = 1.0 if metric.greater_is_better else -1.0, _cautious(level)
    reach = 0.0
    for truth, given in ((y_true, scores), with_mistakes(metric, y_true, scores)):
        values = side * resampled(metric.of, truth, given, DRAWS)
        deviation, skewness = float(values.std(ddof=1)), _skewness(values)
        reach = max(reach, deviation * _quantile(level, len(truth) - 1, skewness))
    return _within(metric, metric.beyond(metric.of(y_true, scores), -reach))


def _cautious(level: float) -> float:
    return 1.0 - (1.0 - level) / CAUTION


def _within(metric: Metric, bound: float) -> float:
    """The bound, no worse than the metric can be."""
    return metric.worst if metric.missing(bound, metric.worst) > 0 else bound


def reach_of(each: Array, level: float, freedom: float | None = None) -> float:
    """How far below a mean its one-sided bound is, by what each example adds to it, [n].

    Args:
        each: What each adds.
        level: Confidence level.
        freedom: Degrees of freedom of their deviation, where they are fewer than the examples.
    """
    n = len(each)
    if n < 2:
        return math.inf
    skewness = _skewness(each) / math.sqrt(n)
    known = n - 1 if freedom is None else freedom
    return float(each.std(ddof=1)) / math.sqrt(n) * _quantile(level, known, skewness)


def _freedom(y_true: Array, each: Array) -> float:
    """Degrees of freedom of a deviation to which a rare class may add the most.

    F. E. Satterthwaite: "An approximate distribution of estimates of variance components",
    Biometrics Bulletin 2(6), 1946.
    """
    _, where, counts = np.unique(y_true, return_inverse=True, return_counts=True)
    squares = np.bincount(where, each**2)
    if not squares.any():
        return float(max(counts.min() - 1, 1))
    return float(max(squares.sum() ** 2 / (squares**2 / np.maximum(counts - 1, 1)).sum(), 1.0))


def _skewness(values: Array) -> float:
    deviation = float(values.std())
    if deviation == 0.0:
        return 0.0
    return float(((values - values.mean()) ** 3).mean()) / deviation**3


def _quantile(level: float, freedom: float, skewness: float) -> float:
    """Standard errors from a mean to its lower bound.

    Args:
        level: Confidence level.
        freedom: Degrees of freedom of their standard deviation.
        skewness: Of the mean itself. Where rare examples lie far below the others it is negative,
            and the bound further away; where they lie above, it is not nearer for it.
    """
    from scipy.special import stdtrit

    plain = float(stdtrit(freedom, level))
    if skewness >= 0.0:
        return plain
    turned = np.cbrt(1 + skewness * (plain - skewness / 6)) - 1
    return max(plain, float(3 / skewness * turned))


def with_mistakes(metric: Metric, y_true: Array, scores: Array) -> tuple[Array, Array]:
    """The examples, and a mistake more: in each class, or beyond the worst one of numbers."""
    if metric.needs_classes or np.issubdtype(np.asarray(y_true).dtype, np.integer):
        classes = scores.shape[1]
        each = np.arange(classes)
        wrong = np.eye(classes, dtype=np.float64)[(each + 1) % classes]
        return np.concatenate([y_true, each]), np.concatenate([scores, wrong])
    truth = np.asarray(y_true, np.float64).reshape(len(y_true), -1)
    away = _flat(scores, y_true) - truth
    worst = int(np.abs(away).mean(axis=1).argmax())
    beyond = (truth[worst] + UNSEEN * away[worst]).reshape(1, *scores.shape[1:])
    return np.append(y_true, y_true[worst : worst + 1], axis=0), np.concatenate([scores, beyond])


def with_misplaced(value: float, y_true: Array, each: Array) -> Array:
    """What examples add to a metric of ranks, [n], and one more of each class that is misplaced.

    That one adds as little as the worst of its class, and no more than an example does that has a
    `MISPLACED` of the others on its wrong side: where all are in their order, none was seen.
    """
    classes, where, counts = np.unique(y_true, return_inverse=True, return_counts=True)
    worst = np.array([each[where == k].min() for k in range(len(classes))])
    least = -MISPLACED * value * len(each) / (len(classes) * counts)
    return np.concatenate([each, np.minimum(worst, least)])


def _flat(scores: Array, y_true: Array) -> Array:
    return np.asarray(scores, np.float64).reshape(len(y_true), -1)


BOUNDS: Mapping[str, Callable[[Metric, Array, Array, float], float]] = {
    "accuracy": _bound_of_share,
    "top5_accuracy": _bound_of_share,
}
"""By metric's name, a bound of its own, that holds for any distribution of examples. Another metric
has one of its examples' influences, or of a bootstrap."""
