"""The fraction of examples that are put into their class."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array, Metric
from tuner.objectives.tasks import Task

CLASSES: frozenset[Task] = frozenset(("classification",))
"""Of metrics that need classes."""


class Accuracy(Metric):
    """The fraction of examples whose highest score is their own class's."""

    name = "accuracy"
    title = "accuracy"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    scale = 100.0
    tasks = CLASSES
    of_classes = True

    def of(self, y_true: Array, scores: Array) -> float:
        """Over all examples.

        Args:
            y_true: Class indices, [n].
            scores: One number a class, [n, classes].
        """
        return float((scores.argmax(axis=1) == y_true).mean())

    def influence(self, y_true: Array, scores: Array) -> Array:
        """Right examples against wrong ones."""
        right = np.asarray(scores.argmax(axis=1) == y_true, np.float64)
        return np.asarray(right - right.mean())
