"""The mean over classes of the F1 score."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.scores import predicted


class MacroF1(ScoreMetric):
    """The mean of each class's F1: the harmonic mean of its precision and its recall."""

    name = "macro_f1"
    title = "macro F1"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    more_digits = 2
    tasks = CLASSES
    of_classes = True

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; classes that are neither true nor predicted are left out."""
        from sklearn.metrics import f1_score

        return float(f1_score(y_true, predicted(scores), average="macro", zero_division=0.0))

    def influence(self, y_true: Array, scores: Array) -> Array:
        """By the derivative of each F1 = 2 TP / (predicted + true)."""
        given = predicted(scores)
        classes = np.union1d(y_true, given)
        found = np.zeros(len(given))
        for each in classes:
            is_true, is_given = (np.asarray(a == each, np.float64) for a in (y_true, given))
            both, either = (is_true * is_given), is_true + is_given
            total = either.mean()
            found += 2 * both / total - 2 * both.mean() * either / total**2
        return np.asarray(found / len(classes))
