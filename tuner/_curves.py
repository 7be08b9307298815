"""Where a learning curve ends: the projection that the pruner and the sampler share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
# The prior on log(actual / expected improvement): its mean, its spread, and how many curves it is
# worth. Fitted to LCBench's curves and to simulated ones with a decaying learning rate.
PRIOR_MEAN = -0.35
PRIOR_SPREAD = 0.7
PRIOR_CURVES = 4.0
LOWEST_RATIO = 0.1
# Degrees of freedom of the t distribution before any curve has finished.
DEGREES = 6.0


class Curve(NamedTuple):
    """The best shortfall so far at each reported step, both shaped [n], steps rising."""

    steps: np.ndarray
    best: np.ndarray
    raw: np.ndarray

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

    def until(self, step: float) -> Curve | None:
        """The part reported by ``step``, or None where there is none."""
        count = int(np.searchsorted(self.steps, step, side="right"))
        return Curve(self.steps[:count], self.best[:count], self.raw[:count]) if count else None


def read_curve(values: Mapping[int, float]) -> Curve | None:
    """The finite reports at positive steps as a curve; None where there are none."""
    pairs = sorted((s, v) for s, v in values.items() if s > 0 and math.isfinite(v))
    if not pairs:
        return None
    raw = np.array([v for _, v in pairs])
    return Curve(np.array([s for s, _ in pairs], float), np.minimum.accumulate(raw), raw)


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


def project(
    values: Mapping[int, float], horizon: int, finished: Sequence[Curve]
) -> tuple[float, float]:
    """Mean and standard deviation of the best shortfall by the horizon."""
    curve = read_curve(values)
    if curve is None:
        return UNKNOWN
    if curve.last >= horizon or not math.isfinite(values[max(values)]):
        return curve.final, SEED_NOISE
    promise = expected_improvement(curve, horizon)
    ratios, weights = _log_ratios(curve, promise, horizon, finished)
    total = PRIOR_CURVES + weights.sum()
    mean = (PRIOR_CURVES * PRIOR_MEAN + weights @ ratios) / total
    squares = PRIOR_CURVES * (PRIOR_SPREAD**2 + (PRIOR_MEAN - mean) ** 2)
    variance = (squares + weights @ (ratios - mean) ** 2) / total
    gain = promise * math.exp(mean + variance / 2)
    return curve.final - gain, gain * math.sqrt(math.expm1(variance))


def chance_of_target(best: float, mean: float, sd: float, count: int) -> float:
    """P(final shortfall ≤ 0) given the best so far, a projection, and the curves it rests on.

    The improvement still to come is log-normal, with a Student t in place of the normal
    distribution: learning curves surprise more often than a normal one allows.
    """
    from scipy.special import stdtr

    if best <= 0:
        return 1.0
    gain = best - mean
    if gain <= 0:
        return 0.0
    variance = math.log1p((sd / gain) ** 2)
    z = (math.log(best / gain) + variance / 2) / math.sqrt(variance)
    return float(stdtr(DEGREES + count, -z))


def _log_ratios(
    curve: Curve, promise: float, horizon: int, finished: Sequence[Curve]
) -> tuple[np.ndarray, np.ndarray]:
    """log(actual / promised improvement) of finished curves from this step on, and likeness."""
    ratios, weights = [], []
    for other in finished:
        part = other.until(curve.last)
        if part is None or other.last <= curve.last:
            continue
        promised = expected_improvement(part, horizon)
        # A training that stopped at the target would have gone on to improve.
        end = other.final
        if other.last < horizon:
            end -= expected_improvement(other, horizon) * math.exp(PRIOR_MEAN)
        ratios.append(math.log(max((part.final - end) / promised, LOWEST_RATIO)))
        weights.append(math.exp(-0.5 * math.log(promised / promise) ** 2))
    return np.array(ratios), np.array(weights)
