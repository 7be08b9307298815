"""Where a learning curve ends: the projection that the pruner and the sampler share.

A curve promises an improvement by its own slope (`tuner.curves.curve`). What it really improves is
that promise times a factor, the curve's worth. The worths of the study's other curves tell that of
this one, by a Bayesian linear regression of their logarithms. Its prior stands for a study of which
no curve has ended yet.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tuner.curves.curve import Curve, log_kept_promise, promised_improvement, read_curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNKNOWN_MEAN, UNKNOWN_SD = 1.0, 0.3
"""Mean and standard deviation of the final shortfall of a training that has reported nothing.

A shortfall of 1 is an accuracy of 0 for a target of 100 %, farther away than any training ends.
"""

SEED_NOISE = 0.005
"""Standard deviation of a finished training's best shortfall over seeds; small networks trained
again with other seeds differ by 0.003 to 0.006."""

LEVEL, LEVEL_CURVES = -0.65, 2.0
"""Prior of log(worth) where a promise was just kept, and how many curves that prior counts as.

exp(-0.65) = 0.52: before any curve has ended, half of what a slope promises is believed.
"""

KEPT_SLOPE, KEPT_CURVES = 0.5, 6.0
"""Prior of how log(worth) changes with the log of the kept promise, and its weight in curves.

At 0.5 a curve that kept a quarter of its last promise is expected to keep half as much of the next
one as a curve that kept all of it.
"""

PROMISE_SLOPE, PROMISE_CURVES = 0.0, 0.5
"""Prior of how log(worth) changes with the log of the promise, and its weight in curves.

At 0 the improvement is in proportion to the promise; at -1 all curves would improve by the same.
"""

WORTH_SPREAD = 0.65
"""Prior standard deviation of log(worth) around the regression's line; the prior of this variance
counts as much as that of the level."""

LIKENESS = 1.5
"""Width, in log promise, of the bell curve that weighs other curves by how alike they are: one that
promised exp(1.5) = 4.5 times as much, or as little, counts 0.6."""

LOWEST_WORTH = 0.1
"""Worths are taken to be at least this: a curve that stood still has a worth of 0, whose logarithm
would outweigh all the others."""

MOST_CURVES = 40
"""How many curves a projection rests on, the newest ones: more take time and change little."""

DEGREES = 6.0
"""Degrees of freedom of Student's t distribution before any curve has ended; each curve adds one.
Learning curves surprise more often than a normal distribution allows."""

_PRIOR = np.array([LEVEL, KEPT_SLOPE, PROMISE_SLOPE])
_PRIOR_CURVES = np.array([LEVEL_CURVES, KEPT_CURVES, PROMISE_CURVES])


class Projection(NamedTuple):
    """The best shortfall by the horizon: mean, standard deviation, and Student's t's degrees."""

    mean: float
    sd: float
    degrees: float = DEGREES

    def chance(self, best: float) -> float:
        """P(final shortfall ≤ 0), where it is ``best`` so far.

        The improvement still to come is log-normal, with a Student t in place of the normal
        distribution. Its two parameters follow from the mean and the standard deviation.
        """
        from scipy.special import stdtr

        if best <= 0:
            return 1.0
        gain = best - self.mean
        if gain <= 0:
            return 0.0
        variance = math.log1p((self.sd / gain) ** 2)
        z = (math.log(best / gain) + variance / 2) / math.sqrt(variance)
        return float(stdtr(self.degrees, -z))


class _Onward(NamedTuple):
    """How other curves went on from one step, [n] each."""

    log_promised: np.ndarray
    """Log of what each of them promised at that step."""
    log_kept: np.ndarray
    """Log of the promise that each had kept by then."""
    log_worth: np.ndarray
    """Log of what each then improved, divided by what it promised."""
    seen: np.ndarray
    """Which share of the way to the horizon each went, in doublings; 1 for a whole curve."""


class Experience:
    """How the newest trainings of a study went on, from any step.

    A training that ended before the horizon says less. It counts with the share of the remaining
    doublings that it went through, and the prior says what it would have come to in the rest.
    Trainings that were stopped do not mislead: whether one is stopped depends on its past alone, so
    they are no biased sample of what comes after it.

    Args:
        curves: Shortfall by step, one mapping a training, oldest first.
        horizon: The last step, at least 1.
    """

    def __init__(self, curves: Sequence[Mapping[int, float]], horizon: int) -> None:
        # From the newest on, so that a study of a thousand trials has no more of them read.
        readable = (
            curve for values in reversed(curves) if (curve := read_curve(values)) is not None
        )
        newest = list(itertools.islice(readable, MOST_CURVES))
        self.horizon = horizon
        self._curves = [(curve, self._end(curve)) for curve in reversed(newest)]
        self._known: dict[float, _Onward] = {}

    def since(self, step: float) -> _Onward:
        """How the trainings that went beyond ``step`` went on from there."""
        if step not in self._known:
            rows = [
                self._row(curve, end, step)
                for curve, end in self._curves
                if curve.steps[0] <= step < curve.last
            ]
            self._known[step] = _Onward(*np.array(rows).reshape(len(rows), 4).T)
        return self._known[step]

    def _end(self, curve: Curve) -> float:
        """Best shortfall by the horizon, with the prior's worth for the part that was not seen."""
        if curve.last >= self.horizon:
            return curve.final
        worth = math.exp(LEVEL + KEPT_SLOPE * log_kept_promise(curve))
        return curve.final - promised_improvement(curve, self.horizon) * worth

    def _row(self, curve: Curve, end: float, step: float) -> tuple[float, float, float, float]:
        """The four numbers of `_Onward` for one curve."""
        part = curve.until(step)
        promised = promised_improvement(part, self.horizon)
        seen = 1.0
        if curve.last < self.horizon:
            seen = math.log(curve.last / step) / math.log(self.horizon / step)
        worth = max((part.final - end) / promised, LOWEST_WORTH)
        return math.log(promised), log_kept_promise(part), math.log(worth), seen


def project(values: Mapping[int, float], experience: Experience) -> Projection:
    """The best shortfall by the horizon, from the curve so far and from how others went on.

    Args:
        values: Shortfall by step so far. Where the last one is not finite the training is dead, and
            its best so far is final.
        experience: The other trainings, and the horizon.
    """
    curve, horizon = read_curve(values), experience.horizon
    if curve is None:
        return Projection(UNKNOWN_MEAN, UNKNOWN_SD)
    if curve.last >= horizon or not math.isfinite(values[max(values)]):
        return Projection(curve.final, SEED_NOISE)
    promised = promised_improvement(curve, horizon)
    mean, variance, count = _log_worth(curve, promised, experience.since(curve.last))
    gain = promised * math.exp(mean + variance / 2)  # the mean of a log-normal distribution
    sd = gain * math.sqrt(math.expm1(variance))
    return Projection(curve.final - gain, sd, DEGREES + count)


def _log_worth(curve: Curve, promised: float, others: _Onward) -> tuple[float, float, float]:
    """What of its promise a curve will make true, by a Bayesian linear regression.

    The logarithm of the worth is a constant, plus a slope times the log of the kept promise, plus
    a slope times the log promise relative to this curve's. The three coefficients have a normal
    prior, whose precision is given as a number of curves, and are learnt from the other curves,
    each weighed by the share of it that was seen and by how alike its promise is.

    Returns:
        Mean and variance of the log worth, and the weight of all other curves together.
    """
    relative = others.log_promised - math.log(promised)
    weights = others.seen * np.exp(-0.5 * (relative / LIKENESS) ** 2)
    rows = np.column_stack([np.ones(len(relative)), others.log_kept, relative])
    here = np.array([1.0, log_kept_promise(curve), 0.0])
    precision = np.diag(_PRIOR_CURVES) + (rows.T * weights) @ rows
    line = np.linalg.solve(
        precision, _PRIOR_CURVES * _PRIOR + rows.T @ (weights * others.log_worth)
    )
    squares = float(
        weights @ (others.log_worth - rows @ line) ** 2 + _PRIOR_CURVES @ (line - _PRIOR) ** 2
    )
    count = float(weights.sum())
    variance = (LEVEL_CURVES * WORTH_SPREAD**2 + squares) / (LEVEL_CURVES + count)
    # The line itself is known only so well, which widens the distribution around it.
    variance *= 1 + float(here @ np.linalg.solve(precision, here))
    return float(here @ line), variance, count
