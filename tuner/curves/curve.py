"""TODO."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


# How much of an earlier doubling's improvement the next doubling of training brings.
DECAY = 0.6

# What a decaying learning rate may still add: at most this much, or a share of what is missing.
LIFT = 0.03

LIFT_SHARE = 0.5

FLOOR = 0.006

# Any doubling is expected to improve by at least this, and counts as improving by at least that.
LEAST_EXPECTED, LEAST_GAINED = 3e-3, 3e-4

MOST_KEPT, LEAST_KEPT = 2.0, -3.0


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
