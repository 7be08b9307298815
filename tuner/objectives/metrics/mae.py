"""The mean absolute error."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array
from tuner.objectives.metrics.errors import ErrorMetric, paired


class MeanAbsoluteError(ErrorMetric):
    """How far predictions are from the answers on average; of several outputs their mean."""

    name = "mae"
    title = "mean absolute error"

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples."""
        from sklearn.metrics import mean_absolute_error

        return float(mean_absolute_error(*paired(y_true, scores)))

    def influence(self, y_true: Array, scores: Array) -> Array:
        """Each error against the mean."""
        truth, given = paired(y_true, scores)
        each = np.abs(truth - given).mean(axis=1)
        return np.asarray(each - each.mean())
