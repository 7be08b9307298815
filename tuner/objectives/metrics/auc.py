"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.scores import against_the_rest


class Auc(ScoreMetric):
    """The chance that an example of a class has a higher score for it than one of another class.

    Of two classes it is that of the second; of more, the mean of each class against the rest.
    """

    name = "auc"
    title = "AUC"
    greater_is_better = True
    worst = 0.0
    best = 1.0
    more_digits = 2
    tasks = CLASSES

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; a half where they are of one class only."""
        from sklearn.metrics import roc_auc_score

        each = [roc_auc_score(mine, score) for mine, score in against_the_rest(y_true, scores)]
        return float(np.mean(each)) if each else 0.5

    def influence(self, y_true: Array, scores: Array) -> Array:
        """By how many of the other side each example stands on the right side of.

        E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson: "Comparing the areas under two or more
        correlated receiver operating characteristic curves", Biometrics 44(3), 1988.
        """
        each = [_placements(mine, score) for mine, score in against_the_rest(y_true, scores)]
        return np.mean(each, axis=0) if each else np.zeros(len(y_true))


def _placements(mine: Array, score: Array) -> Array:
    from scipy.stats import rankdata

    n, positive = len(mine), int(mine.sum())
    ranks = rankdata(score)
    right = np.empty(n)
    right[mine] = (ranks[mine] - rankdata(score[mine])) / (n - positive)
    right[~mine] = 1 - (ranks[~mine] - rankdata(score[~mine])) / positive
    area = right[mine].mean()
    weight = np.where(mine, n / positive, n / (n - positive))
    return np.asarray(weight * (right - area))
