"""The root mean squared error."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array
from tuner.objectives.metrics.errors import ErrorMetric, paired


class RootMeanSquaredError(ErrorMetric):
    """The root of the mean of squared errors; of several outputs the mean of their roots."""

    name = "rmse"
    title = "root mean squared error"

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples."""
        from sklearn.metrics import root_mean_squared_error

        return float(root_mean_squared_error(*paired(y_true, scores)))

    def influence(self, y_true: Array, scores: Array) -> Array:
        """Each squared error against the mean, by the derivative of the root."""
        truth, given = paired(y_true, scores)
        squares = (truth - given) ** 2
        mean = squares.mean(axis=0)
        roots = np.sqrt(np.maximum(mean, np.finfo(np.float64).tiny))
        return np.asarray(((squares - mean) / (2 * roots)).mean(axis=1))
