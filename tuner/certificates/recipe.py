"""Proof of a recipe: whether its configuration meets the target on average over fresh seeds.

The seeds come one by one, and each is a look: the recipe is certified as soon as a confidence
bound of its mean allows, refuted as soon as it is clearly below the target. The bound holds at all
numbers of seeds at once, so that neither a stop nor seeds that are added after a verdict take from
its level. Such bounds are repeated confidence intervals (C. Jennison, B. W. Turnbull: "Interim
analyses: the repeated confidence interval approach", Journal of the Royal Statistical Society B
51(3), 1989), here one-sided, of Student's t ("The probable error of a mean", Biometrika 6, 1908).
How far from the mean each lies was chosen by simulation: tests/benchmarks/proofs has the tables,
and says for which distributions of seeds the level holds.

Lengths are those of accuracies, fractions of 1. What is measured in another unit is divided by it,
target and values alike (`Target.unit`: from the error of a constant prediction to none), and the
bound is multiplied by it again.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuner.certificates import FEWEST, SEEDS
from tuner.curves.curve import carried, read_curve
from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.target import Target
from tuner.records.certificates import Verdict

LEVEL = 0.95

SPREAD = 0.006
"""Standard deviation of a small network's accuracy over seeds, as measured on CIFAR-10."""

CLEARLY = 2.33
"""Standard errors below the target at which a mean is given up, where seeds agree."""

UNLIKELY = 0.01
"""Chance of a mean so far below the target, by Student's t, at which it is given up."""

FAR = 0.04
"""How far from the target the first seeds may lie for a verdict before the last one.

Further away is where the lucky half of a recipe lies whose trainings now and then fail: few seeds
that agree show little of its spread."""

LONGER = 1.25
"""A certificate's trainings have at least so many times the epochs of the one that led to it."""

FURTHER = 0.02
"""How much further than the target they should come: a point for what the best of many validation
accuracies promises too much, and one for the scatter of fresh seeds."""


@dataclass(frozen=True)
class Reach:
    """How far the bound is from the mean, at one number of seeds.

    Attributes:
        errors: In standard errors.
        least: The standard deviation is taken to be at least so much: a few seeds may agree by
            luck.
        agreed: Up to this standard deviation the seeds agree.
        excess: Standard errors that what exceeds it counts for in addition.
    """

    errors: float
    least: float = 0.0
    agreed: float = math.inf
    excess: float = 0.0

    def of(self, spread: float, n: int) -> float:
        """The distance, for so many seeds of that standard deviation."""
        beyond = max(spread - self.agreed, 0.0) if self.excess else 0.0
        return (self.errors * max(spread, self.least) + self.excess * beyond) / math.sqrt(n)


FEW = {
    3: Reach(errors=3.6, least=SPREAD, agreed=0.0095, excess=20.0),
    4: Reach(errors=5.0, least=SPREAD, agreed=0.01, excess=10.0),
    5: Reach(errors=2.45, agreed=SPREAD, excess=1.3),
}
"""By number of seeds. Three are for a clear winner: two points above the target, with a spread of
half a point. Five are the planned ones and have most of the 5 % that may be spent."""

EACH, MANY = 0.0003, 20
"""Of more seeds than those, the chance of a bound beyond the mean grows by `EACH` with each seed,
and falls again from `MANY` on: what is left for seeds that are added after a verdict."""

WIDE = 0.02
"""Standard deviation above which nobody is told that the seeds still to come cannot help."""

NEAR = {2: 0.005, 3: 0.01, 4: 0.015}
"""By number of seeds, the standard deviation up to which they agree enough to be given up."""


def one_sided_bound(
    measured: Sequence[float], metric: Metric = DEFAULT_METRIC, unit: float = 1.0
) -> float | None:
    """The 95 % confidence bound of the mean on the metric's worse side, under any stopping rule.

    It holds at every number of seeds at once, so for a certificate that stopped early as well as
    for one that was extended.

    Args:
        measured: Values of the metric, one a seed.
        metric: Says which side is the worse one: below, where more of it is better.
        unit: The length of the metric that counts as 1.

    Returns:
        The bound; None for fewer than `FEWEST` values.
    """
    n = len(measured)
    if n < FEWEST:
        return None
    reach = reach_of(n).of(_spread(measured) / unit, n) * unit
    return metric.beyond(_mean(measured), -reach)


def verdict_of(
    measured: Sequence[float],
    target: Target,
    planned: int = SEEDS,
    *,
    decided: int = 0,
    test_size: int | None = None,
    replicates: Sequence[Sequence[float]] = (),
) -> Verdict | None:
    """The verdict, or None while more seeds are needed.

    Certified is what has its bound at the target, which happens to a recipe whose mean is not
    above the target with a chance of at most 1 - `LEVEL`, at all numbers of seeds together. With
    the last seed, what is not certified is refuted.

    Args:
        measured: Values of the metric on the test examples so far, one a seed.
        target: What the bound must meet.
        planned: How many seeds there shall be.
        decided: How many of them an earlier verdict rests on. Who asks for more after a verdict
            gets them all: there is no other before `planned`.
        test_size: How many test examples there are: seeds of a small set spread by chance.
        replicates: Groups of results of one configuration each with several seeds, from the
            search: what is known of the spread. Without any, one seed decides nothing.
    """
    n = len(measured)
    if n == 0 or (decided and n < planned):
        return None
    if target.unit != 1.0:
        measured, target, replicates = _in_units(measured, target, replicates)
    bound = one_sided_bound(measured, target.metric)
    certified = bound is not None and target.is_met(bound)
    if n >= planned:
        return "certified" if certified else "refuted"
    known = _Known.of(replicates, target, test_size)
    if certified:
        early = n < SEEDS and (_is_far(measured, target) or known.spread > FEW[FEWEST].agreed)
        return None if early else "certified"
    hopeless = _is_below(measured, target, known) or _is_beyond_hope(measured, target, planned)
    return "refuted" if hopeless else None


def _in_units(
    measured: Sequence[float], target: Target, replicates: Sequence[Sequence[float]]
) -> tuple[Sequence[float], Target, Sequence[Sequence[float]]]:
    """The same numbers, divided by the target's unit."""
    unit = target.unit
    return (
        [value / unit for value in measured],
        replace(target, value=target.value / unit, margin=target.margin / unit, unit=1.0),
        [[value / unit for value in group] for group in replicates],
    )


@dataclass(frozen=True)
class _Known:
    """What is known of the spread before the first seed."""

    spread: float
    """Standard deviation within the replicates, 0 where there are none."""
    freedom: int
    """Degrees of freedom of it."""
    least: float
    """What seeds spread by at least, as far as anybody can say."""

    @classmethod
    def of(
        cls, replicates: Sequence[Sequence[float]], target: Target, test_size: int | None
    ) -> _Known:
        freedom = sum(max(len(group) - 1, 0) for group in replicates)
        squares = sum(_squares(group) for group in replicates if group)
        share = min(max(target.value, 0.0), 1.0)
        binomial = 0.0
        if test_size and target.metric.is_share:
            binomial = math.sqrt(share * (1 - share) / test_size)
        spread = math.sqrt(squares / freedom) if freedom else 0.0
        return cls(spread, freedom, max(SPREAD, binomial))


def reach_of(n: int) -> Reach:
    """How far the bound is from the mean of so many seeds, at least `FEWEST`."""
    if n in FEW:
        return FEW[n]
    chance = EACH * (n if n <= MANY else MANY**2 / n)
    return Reach(_quantile(n - 1, 1 - chance))


@functools.cache
def _quantile(freedom: int, level: float) -> float:
    """Of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, level))


def _mean(measured: Sequence[float]) -> float:
    return math.fsum(measured) / len(measured)


def _squares(measured: Sequence[float]) -> float:
    """The sum of squared differences from the mean."""
    mean = _mean(measured)
    return math.fsum((value - mean) ** 2 for value in measured)


def _spread(measured: Sequence[float]) -> float:
    """Standard deviation; 0 of a single value."""
    return math.sqrt(_squares(measured) / (len(measured) - 1)) if len(measured) > 1 else 0.0


def _is_far(measured: Sequence[float], target: Target) -> bool:
    """Whether the mean is far from the target, on either side."""
    return abs(target.shortfall(_mean(measured))) > FAR


def _is_below(measured: Sequence[float], target: Target, known: _Known) -> bool:
    """Whether the mean is clearly on the wrong side, by what is known of the spread."""
    n, metric, spread = len(measured), target.metric, _spread(measured)
    mean = _mean(measured)
    freedom = n - 1 + known.freedom
    if freedom:
        pooled = math.sqrt(((n - 1) * spread**2 + known.freedom * known.spread**2) / freedom)
        reach = _quantile(freedom, 1 - UNLIKELY) * max(pooled, known.least) / math.sqrt(n)
        if not target.is_met(metric.beyond(mean, reach)):
            return True
    if spread > NEAR.get(n, WIDE) or n == 1 or known.spread > WIDE:
        return False
    if n == 2 and _is_far(measured, target):
        return False
    reach = CLEARLY * max(spread, known.least) / math.sqrt(n)
    return not target.is_met(metric.beyond(mean, reach))


def _is_beyond_hope(measured: Sequence[float], target: Target, planned: int) -> bool:
    """Whether it would not be certified if all the others were better than any yet.

    Seeds that differ a lot say too little of those to come, and so do some that do not quite agree
    where their mean is above the target.
    """
    n, metric, spread = len(measured), target.metric, _spread(measured)
    best = metric.best_of(measured)
    agreed = NEAR.get(n, WIDE) if target.is_met(_mean(measured)) else WIDE
    if n < FEWEST or planned < FEWEST or spread > agreed or best is None:
        return False
    hoped = [*measured, *[metric.beyond(best, SPREAD)] * (planned - n)]
    bound = metric.beyond(_mean(hoped), -reach_of(planned).of(spread, planned))
    return not target.is_met(bound)


def training_epochs(
    measured: Sequence[float], horizon: int, metric: Metric = DEFAULT_METRIC, unit: float = 1.0
) -> int:
    """Epochs of each of a certificate's trainings.

    Args:
        measured: The metric on validation examples after each epoch of the training that met the
            target.
        horizon: The most epochs that one may use.
        metric: Says which way the curve goes where it gets better.
        unit: The length of the metric that counts as 1.

    Returns:
        At least the epochs it used; a quarter more, and more than that where its curve was still
        rising and `FURTHER` is further away.
    """
    used = len(measured)
    shortest = min(horizon, math.ceil(LONGER * used))
    curve = read_curve(
        {epoch: metric.missing(value, 0.0) / unit for epoch, value in enumerate(measured, 1)}
    )
    if curve is None or curve.last_doubling <= 0:
        return shortest
    for epochs in range(shortest, horizon):
        if carried(curve.last_doubling, math.log2(epochs / used)) >= FURTHER:
            return epochs
    return horizon
