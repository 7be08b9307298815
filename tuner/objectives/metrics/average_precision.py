"""The area under the curve of precision over recall."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.scores import against_the_rest


class AveragePrecision(ScoreMetric):
    """The mean, over the examples of a class, of the precision at each one's score.

    Of two classes it is that of the second; of more, the mean of each class against the rest.
    """

    name = "average_precision"
    title = "average precision"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    more_digits = 2
    tasks = CLASSES

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; 1 where they are of one class only."""
        from sklearn.metrics import average_precision_score

        each = [
            average_precision_score(mine, score) for mine, score in against_the_rest(y_true, scores)
        ]
        return float(np.mean(each)) if each else 1.0

    def influence(self, y_true: Array, scores: Array) -> Array:
        """By the derivative of the precision at each score that a positive example has."""
        each = [_precisions(mine, score) for mine, score in against_the_rest(y_true, scores)]
        return np.mean(each, axis=0) if each else np.zeros(len(y_true))


def _precisions(mine: Array, score: Array) -> Array:
    n, share = len(mine), mine.mean()
    levels, at = np.unique(score, return_inverse=True)
    # By level of the score: how many examples, and how many positive ones, have it.
    every, positive = (np.bincount(at, w, len(levels)) / n for w in (np.ones(n), mine))
    above, right = (np.cumsum(counts[::-1])[::-1] for counts in (every, positive))
    precision = right / above
    average = float(positive @ precision) / share
    # What an example adds to the precision at its own score and at every lower one.
    per = np.cumsum(positive / above)[at]
    less = np.cumsum(positive * precision / above)[at]
    return np.asarray((mine * (precision[at] - average) + mine * per - less) / share)
