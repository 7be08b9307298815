"""The area under the curve of precision over recall."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array
from tuner.objectives.metrics.ranks import RankMetric


class AveragePrecision(RankMetric):
    """The mean, over the examples of a class, of the precision at each one's score.

    Of two classes it is that of the second; of more, the mean of each class against the rest.
    """

    name = "average_precision"
    title = "average precision"
    alone = 1.0

    def ranked(self, mine: Array, score: Array) -> float:
        """The mean precision."""
        from sklearn.metrics import average_precision_score

        return float(average_precision_score(mine, score))

    def placed(self, mine: Array, score: Array) -> Array:
        """By the derivative of the precision at each score that a positive example has."""
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
