"""Which configurations can be trained at all: some cannot be built, or have no room in memory.

What fails seldom fails everywhere: one value of a parameter is refused, or all above some size. So
failures are counted around a candidate's value of each parameter, and around its whole
configuration; what is worst of these speaks against it. A failure by chance soon has trainings
around it that went well. Where none did, each failure halves the chance once more.
"""

from __future__ import annotations

import math

import numpy as np

_REACH = 0.05
"""How far a failure is felt in the unit interval: at this distance a third of what is nearby."""
_NEARBY = 0.5
"""What a neighbour counts where one of the same value counts 1."""
_GOOD = 1.0
"""Trainings that count as having gone well wherever nothing is known yet."""
_OUTWEIGHS = 2.0
"""Failures that one training outweighs, before they count as those of a place where all fails."""


def log_chance(units: np.ndarray, failed: np.ndarray, worked: np.ndarray) -> np.ndarray:
    """Log of the chance that candidates can be trained, [n]; 0 where nothing has failed.

    Args:
        units: Candidates, [n, d].
        failed: Coordinates of trials that failed, [f, d], NaN for what a trial does not have.
        worked: Of those that were trained, [w, d].
    """
    if not len(failed) or not units.size:
        return np.zeros(len(units))
    found = np.zeros(len(units))
    all_bad, all_good = np.ones((len(units), len(failed))), np.ones((len(units), len(worked)))
    for column in range(units.shape[1]):
        bad = _alike(units[:, column], failed[:, column])
        good = _alike(units[:, column], worked[:, column])
        found = np.minimum(found, _log_chance(bad, good))
        all_bad, all_good = all_bad * bad, all_good * good
    return np.asarray(np.minimum(found, _log_chance(all_bad, all_good)))


def _alike(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How much other values [m] say of these [n]: 1 for the same, less for others, [n, m]."""
    apart = np.abs(values[:, None] - others[None])
    near = np.where(apart < 1e-9, 1.0, _NEARBY * np.exp(-apart / _REACH))
    return np.asarray(np.where(np.isnan(apart), 0.0, near))


def _log_chance(bad: np.ndarray, good: np.ndarray) -> np.ndarray:
    failed, worked = bad.sum(axis=1), good.sum(axis=1)
    share = (worked + _GOOD) / (failed + worked + _GOOD)
    return np.asarray(np.log(share) - math.log(2) * np.maximum(0.0, failed - _OUTWEIGHS * worked))
