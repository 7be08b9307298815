"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array
from tuner.objectives.metrics.ranks import RankMetric


class Auc(RankMetric):
    """The chance that an example of a class has a higher score for it than one of another class.

    Of two classes it is that of the second; of more, the mean of each class against the rest.
    """

    name = "auc"
    title = "AUC"
    alone = 0.5

    def ranked(self, mine: Array, score: Array) -> float:
        """The chance, by the ranks of the scores."""
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(mine, score))

    def placed(self, mine: Array, score: Array) -> Array:
        """By how many of the other side each example stands on the right side of.

        E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson: "Comparing the areas under two or more
        correlated receiver operating characteristic curves", Biometrics 44(3), 1988.
        """
        from scipy.stats import rankdata

        n, positive = len(mine), int(mine.sum())
        ranks = rankdata(score)
        right = np.empty(n)
        right[mine] = (ranks[mine] - rankdata(score[mine])) / (n - positive)
        right[~mine] = 1 - (ranks[~mine] - rankdata(score[~mine])) / positive
        area = right[mine].mean()
        weight = np.where(mine, n / positive, n / (n - positive))
        return np.asarray(weight * (right - area))
