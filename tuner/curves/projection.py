"""Where a learning curve ends: the projection that the pruner and the sampler share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tuner.curves.curve import Curve, expected_improvement, kept, read_curve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# A curve of which nothing is known: no accuracy at all, a full point away from any target.
UNKNOWN = (1.0, 0.3)

# Spread of the best of a finished training over seeds (0.3 to 0.6 points for small nets).
SEED_NOISE = 0.005

# The prior of the line that log(actual / expected improvement) is in what the curve has kept of its
# own promise and in the log of what it promises: the two slopes and the mean, and how many curves
# each is worth; the spread around the line. Fitted to LCBench's curves, to 288 of q4's space on
# CIFAR-10, and to real searches.
PRIOR_MEAN, PRIOR_CURVES = -0.65, 2.0

PRIOR_KEPT, KEPT_CURVES = 0.5, 6.0

PRIOR_SLOPE, SLOPE_CURVES = 0.0, 0.5

PRIOR_SPREAD = 0.65

# Curves whose promise differs by more than so many powers of e count little.
LIKENESS = 1.5

LOWEST_RATIO = 0.1

# Projections rest on so many of the newest curves: more cost time and change little.
MOST_CURVES = 40

# Degrees of freedom of the t distribution before any curve has ended.
DEGREES = 6.0


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
