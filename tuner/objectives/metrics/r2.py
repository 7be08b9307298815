"""The share of the answers' variance that predictions explain."""

from __future__ import annotations

import math

import numpy as np

from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.errors import NUMBERS, paired


class R2(ScoreMetric):
    """1 - the mean squared error / the variance of the answers; of several outputs the mean.

    To predict the mean always has 0, and what is worse than that is below it.
    """

    name = "r2"
    title = "R²"
    greater_is_better = True
    worst = -math.inf
    best = 1.0
    more_digits = 2
    tasks = NUMBERS

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples."""
        from sklearn.metrics import r2_score

        return float(r2_score(*paired(y_true, scores)))

    def influence(self, y_true: Array, scores: Array) -> Array:
        """By the derivative of a ratio of two means."""
        truth, given = paired(y_true, scores)
        squares, around = (truth - given) ** 2, (truth - truth.mean(axis=0)) ** 2
        variance = np.maximum(around.mean(axis=0), np.finfo(np.float64).tiny)
        ratio = squares.mean(axis=0) / variance
        return np.asarray(((ratio * around - squares) / variance).mean(axis=1))
