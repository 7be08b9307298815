"""Where a learning curve ends: the projection that the pruner and the sampler share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A curve of which nothing is known: no accuracy at all, a full point away from any target.
UNKNOWN = (1.0, 0.3)
# Spread of the best of a finished training over seeds (0.3 to 0.6 points for small nets).
SEED_NOISE = 0.005
# How much of an earlier doubling's improvement the next doubling of training brings.
DECAY = 0.6
# What a decaying learning rate may still add: at most this much, or a share of what is missing.
LIFT = 0.03
LIFT_SHARE = 0.5
FLOOR = 0.006
# The prior of the line that log(actual / expected improvement) is in what the curve has kept of its
# own promise and in the log of what it promises: the two slopes and the mean, and how many curves
# each is worth; the spread around the line. Fitted to LCBench's curves, to 288 of q4's space on
# CIFAR-10, and to real searches.
PRIOR_MEAN, PRIOR_CURVES = -0.65, 2.0
PRIOR_KEPT, KEPT_CURVES = 0.5, 6.0
PRIOR_SLOPE, SLOPE_CURVES = 0.0, 0.5
PRIOR_SPREAD = 0.65
# Any doubling is expected to improve by at least this, and counts as improving by at least that.
LEAST_EXPECTED, LEAST_GAINED = 3e-3, 3e-4
MOST_KEPT, LEAST_KEPT = 2.0, -3.0
# Curves whose promise differs by more than so many powers of e count little.
LIKENESS = 1.5
LOWEST_RATIO = 0.1
# Projections rest on so many of the newest curves: more cost time and change little.
MOST_CURVES = 40
# Degrees of freedom of the t distribution before any curve has ended.
DEGREES = 6.0


class Curve(NamedTuple):
    """The best shortfall so far at each reported step, both shaped [n], steps rising."""

    steps: np.ndarray
    best: np.ndarray

    @property
    def last(self) -> float:
        """The last step reported."""
        return float(self.steps[-1])

    @property
    def final(self) -> float:
        """The best shortfall of all."""
        return float(self.best[-1])

    @property
    def last_doubling(self) -> float:
        """How much the second half of the steps improved."""
        return self.at(self.last / 2) - self.final

    def at(self, step: float) -> float:
        """Best shortfall by ``step``, linear in log steps between two reports."""
        return float(np.interp(math.log(step), np.log(self.steps), self.best))

    def until(self, step: float) -> Curve:
        """The part reported by ``step``, which must not be before the first report."""
        count = int(np.searchsorted(self.steps, step, side="right"))
        return Curve(self.steps[:count], self.best[:count])


def read_curve(values: Mapping[int, float]) -> Curve | None:
    """The finite reports at positive steps as a curve; None where there are none."""
    pairs = sorted((s, v) for s, v in values.items() if s > 0 and math.isfinite(v))
    if not pairs:
        return None
    best = np.minimum.accumulate(np.array([v for _, v in pairs]))
    return Curve(np.array([s for s, _ in pairs], float), best)


def slowest_start(horizon: int) -> float:
    """Epochs by which any training that is going to learn has begun to."""
    return max(4.0, horizon / 6)


def has_started(curve: Curve, horizon: int) -> bool:
    """Whether a curve has left the level it began at, or had the time to.

    Some trainings stand still for a few epochs, while the learning rate warms up, and then learn.
    """
    moved = float(curve.best[0]) - curve.final > 0.03 * abs(float(curve.best[0]))
    return moved or curve.last >= slowest_start(horizon)


def expected_improvement(curve: Curve, horizon: int) -> float:
    """What a curve's own slope promises from its last step to the horizon.

    Accuracy grows about linearly in the logarithm of the epochs, ever slower: the improvement
    of the last doubling is carried on over the doublings that are left, each worth DECAY of the
    one before. The lift of a decaying learning rate, which no slope announces, is added.
    """
    left = math.log2(max(horizon, curve.last) / curve.last)
    if left == 0.0:
        return 0.0
    missing = max(curve.final, 0.0)
    if curve.last < 2 or not has_started(curve, horizon):
        gained = 0.5 * missing  # no slope yet: much of what is missing may still come
    else:
        gained = curve.last_doubling
    lift = min(LIFT, LIFT_SHARE * missing) * (1 - curve.last / horizon)
    return float(carried(gained, left) + lift + FLOOR * min(1.0, left))


def carried(gained: float, doublings: float) -> float:
    """What so many doublings of the epochs bring, where the last doubling brought ``gained``."""
    return float(gained * DECAY * (1 - DECAY**doublings) / (1 - DECAY))


def kept(curve: Curve) -> float:
    """Log of what the last doubling improved over what the doubling before it promised.

    0 where the curve is too short to tell. Of two curves as high and as steep the one that keeps
    less of its promises is the nearer to its end.
    """
    half = curve.last / 2
    if half < 2 or half < curve.steps[0]:
        return 0.0
    promised = carried(curve.until(half).last_doubling, 1.0) + LEAST_EXPECTED
    ratio = math.log((curve.last_doubling + LEAST_GAINED) / promised)
    return min(max(ratio, LEAST_KEPT), MOST_KEPT)


class Projection(NamedTuple):
    """The best shortfall by the horizon: mean, standard deviation, and Student's t's degrees."""

    mean: float
    sd: float
    degrees: float = DEGREES

    def chance(self, best: float) -> float:
        """P(final shortfall ≤ 0), where it is ``best`` so far.

        The improvement still to come is log-normal, with a Student t in place of the normal
        distribution: learning curves surprise more often than a normal one allows.
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


class Experience:
    """How the newest trainings went on from any step.

    A training that ended early says little: of what is left of the horizon, in doublings, it
    counts with the share that it saw, and what its own slope promises stands for the rest. Whether
    a training is stopped depends on its past alone, so those that were do not mislead.
    """

    def __init__(self, curves: Iterable[Mapping[int, float]], horizon: int) -> None:
        read = [curve for values in curves if (curve := read_curve(values)) is not None]
        self.horizon = horizon
        self._curves = [(curve, self._end(curve)) for curve in read[-MOST_CURVES:]]
        self._known: dict[float, np.ndarray] = {}

    def since(self, step: float) -> np.ndarray:
        """Of those that went on, [4, n]: log promised, kept, log(actual / promised), share seen."""
        if step not in self._known:
            rows = [
                self._row(curve, end, step)
                for curve, end in self._curves
                if curve.steps[0] <= step < curve.last
            ]
            self._known[step] = np.array(rows).reshape(len(rows), 4).T
        return self._known[step]

    def _end(self, curve: Curve) -> float:
        """Best shortfall by the horizon, the prior's mean standing for what was not seen."""
        if curve.last >= self.horizon:
            return curve.final
        worth = math.exp(PRIOR_MEAN + PRIOR_KEPT * kept(curve))
        return curve.final - expected_improvement(curve, self.horizon) * worth

    def _row(self, curve: Curve, end: float, step: float) -> tuple[float, float, float, float]:
        part = curve.until(step)
        promised = expected_improvement(part, self.horizon)
        seen = 1.0
        if curve.last < self.horizon:
            seen = math.log(curve.last / step) / math.log(self.horizon / step)
        ratio = max((part.final - end) / promised, LOWEST_RATIO)
        return math.log(promised), kept(part), math.log(ratio), seen


def project(values: Mapping[int, float], experience: Experience) -> Projection:
    """The best shortfall by the horizon, from the curve so far and from how others went on.

    The log of (actual / promised improvement) is linear in what the curve has kept of its promises
    so far and in the log of what it promises now. The coefficients have a normal prior and are
    learnt from the other curves: at slope 0 in the log of the promise a curve is taken at its word
    but for a factor, at -1 all improve by the same, whatever they promise.
    """
    curve, horizon = read_curve(values), experience.horizon
    if curve is None:
        return Projection(*UNKNOWN)
    if curve.last >= horizon or not math.isfinite(values[max(values)]):
        return Projection(curve.final, SEED_NOISE)
    promise = expected_improvement(curve, horizon)
    promised, held, y, seen = experience.since(curve.last)
    x = promised - math.log(promise)
    weights = seen * np.exp(-0.5 * (x / LIKENESS) ** 2)
    rows = np.column_stack([np.ones(len(x)), held, x])
    here = np.array([1.0, kept(curve), 0.0])
    trust = np.array([PRIOR_CURVES, KEPT_CURVES, SLOPE_CURVES])
    prior = np.array([PRIOR_MEAN, PRIOR_KEPT, PRIOR_SLOPE])
    precision = np.diag(trust) + (rows.T * weights) @ rows
    line = np.linalg.solve(precision, trust * prior + rows.T @ (weights * y))
    mean = float(here @ line)
    residuals = float(weights @ (y - rows @ line) ** 2 + trust @ (line - prior) ** 2)
    count = float(weights.sum())
    variance = (PRIOR_CURVES * PRIOR_SPREAD**2 + residuals) / (PRIOR_CURVES + count)
    # The line itself is not known exactly.
    variance *= 1 + float(here @ np.linalg.solve(precision, here))
    gain = promise * math.exp(mean + variance / 2)
    spread = gain * math.sqrt(math.expm1(variance))
    return Projection(curve.final - gain, spread, DEGREES + count)
