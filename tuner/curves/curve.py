"""One learning curve: the best shortfall by epoch, its slope, and what that promises.

Accuracy grows about linearly in the logarithm of the epochs, ever slower. So the natural unit of
progress is the doubling: from epoch 2 to 4 as much can be hoped for as from 4 to 8, and somewhat
less than that from 8 to 16.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

DOUBLING_DECAY = 0.6
"""What one doubling of the epochs improves, as a share of what the doubling before it improved."""

MOST_LIFT = 0.03
"""The most, as a fraction of 1, that a falling learning rate still adds near the end.

A curve does not announce this lift in its slope: the accuracy rises when the rate gets small.
"""

LIFT_SHARE = 0.5
"""The lift is no more than this share of the shortfall: a curve near its target has less to add."""

FLOOR = 0.006
"""Shortfall that is promised for one whole doubling whatever the slope: the best of several noisy
epochs improves a little even where the curve is flat."""

UNSEEN_GAIN_SHARE = 0.5
"""Where a curve has no slope yet, its last doubling counts as having gained this share of the
shortfall."""

MOVED_SHARE = 0.03
"""A curve has begun to learn once it improved on its first report by this share of it."""

SLOWEST_START_EPOCHS = 4.0
"""Epochs that any training is given to begin to learn, however short the horizon is."""

SLOWEST_START_PART = 6
"""The longest start is the horizon divided by this, where that is more epochs."""

LEAST_PROMISED, LEAST_GAINED = 3e-3, 3e-4
"""Shortfall added to a promise, and to a gain, before the one is divided by the other.

Without them the ratio of two improvements that are both nearly nothing would be any number.
"""

LOWEST_KEPT, HIGHEST_KEPT = -3.0, 2.0
"""Bounds of the logarithm of a kept promise, so that one odd epoch cannot decide a forecast."""


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
    return max(SLOWEST_START_EPOCHS, horizon / SLOWEST_START_PART)


def has_started(curve: Curve, horizon: int) -> bool:
    """Whether a curve has left the level it began at, or had the time to.

    Some trainings stand still for a few epochs, while the learning rate warms up, and then learn.
    """
    first = float(curve.best[0])
    moved = first - curve.final > MOVED_SHARE * abs(first)
    return moved or curve.last >= slowest_start(horizon)


def promised_improvement(curve: Curve, horizon: int) -> float:
    """How much less the shortfall will be at the horizon if the curve goes on as it went.

    The sum of three parts: what the last doubling gained, carried on over the doublings that are
    left; the lift of a falling learning rate, which shrinks as that rate falls; and the floor.

    Args:
        curve: The training so far.
        horizon: The last epoch; there is no promise beyond it.

    Returns:
        The improvement after the curve's last step, at least 0, in units of the shortfall.
    """
    left = math.log2(max(horizon, curve.last) / curve.last)
    if left == 0.0:
        return 0.0
    missing = max(curve.final, 0.0)
    if curve.last < 2 or not has_started(curve, horizon):
        gained = UNSEEN_GAIN_SHARE * missing
    else:
        gained = curve.last_doubling
    lift = min(MOST_LIFT, LIFT_SHARE * missing) * (1 - curve.last / horizon)
    return float(carried(gained, left) + lift + FLOOR * min(1.0, left))


def carried(gained: float, doublings: float) -> float:
    """What the next ``doublings`` of the epochs gain, where the last one gained ``gained``.

    A geometric series: each doubling gains `DOUBLING_DECAY` of what the one before it gained.
    """
    return float(gained * DOUBLING_DECAY * (1 - DOUBLING_DECAY**doublings) / (1 - DOUBLING_DECAY))


def log_kept_promise(curve: Curve) -> float:
    """Log of what the last doubling gained, divided by what the curve had promised for it.

    The promise is the one that could be made at half of the curve's steps. Of two curves with the
    same level and slope, the one that fell short of its promise is bending more, so it will also
    fall short of the next one.

    Returns:
        A number from `LOWEST_KEPT` to `HIGHEST_KEPT`; 0, as of a promise that was just kept, where
        the curve is too short to tell.
    """
    half = curve.last / 2
    if half < 2 or half < curve.steps[0]:
        return 0.0
    promised = carried(curve.until(half).last_doubling, 1.0) + LEAST_PROMISED
    ratio = math.log((curve.last_doubling + LEAST_GAINED) / promised)
    return min(max(ratio, LOWEST_KEPT), HIGHEST_KEPT)
