"""The fraction of examples whose class is among the five with the highest scores."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric

BEST = 5


class Top5Accuracy(ScoreMetric):
    """The fraction of examples whose class is among the five highest scores; for many classes."""

    name = "top5_accuracy"
    title = "top-5 accuracy"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    scale = 100.0
    tasks = CLASSES

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; of scores that are alike the later classes come first."""
        from sklearn.metrics import top_k_accuracy_score

        if scores.shape[1] <= BEST:
            return 1.0
        labels = np.arange(scores.shape[1])
        return float(top_k_accuracy_score(y_true, scores, k=BEST, labels=labels))

    def influence(self, y_true: Array, scores: Array) -> Array:
        """Right examples against wrong ones."""
        order = np.argsort(scores, axis=1, kind="mergesort")[:, -BEST:]
        right = np.asarray((order == y_true[:, None]).any(axis=1), np.float64)
        return np.asarray(right - right.mean())
