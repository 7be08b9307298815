"""The mean over classes of the fraction that is recognised."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.scores import predicted


class BalancedAccuracy(ScoreMetric):
    """The mean of each class's recall: rare classes count as much as common ones."""

    name = "balanced_accuracy"
    title = "balanced accuracy"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    scale = 100.0
    tasks = CLASSES
    of_classes = True

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; a class that none of them has is left out."""
        from sklearn.metrics import recall_score

        return float(
            recall_score(
                y_true,
                predicted(scores),
                labels=np.unique(y_true),
                average="macro",
                zero_division=0.0,
            )
        )

    def influence(self, y_true: Array, scores: Array) -> Array:
        """Right examples against wrong ones of each class, those of rare classes weighing more."""
        right = np.asarray(predicted(scores) == y_true, np.float64)
        found = np.zeros(len(right))
        classes = np.unique(y_true)
        for each in classes:
            mine = y_true == each
            weight = len(right) / (len(classes) * mine.sum())
            found[mine] = weight * (right[mine] - right[mine].mean())
        return found
