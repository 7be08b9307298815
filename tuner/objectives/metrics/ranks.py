"""Metrics of how a model ranks examples, a class against the others at a time."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tuner.objectives.metrics.accuracy import CLASSES
from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.metrics.scores import against_the_rest


class RankMetric(ScoreMetric):
    """The mean of what each class has against the rest; of two classes it is the second's.

    Attributes:
        alone: The value where all examples are of one class, so that nothing can be ranked.
    """

    greater_is_better = True
    worst = 0.0
    best = 1.0
    more_digits = 2
    tasks = CLASSES
    alone: float

    def measure(self, y_true: Array, scores: Array) -> float:
        """Over all examples; `alone` where they are of one class only."""
        each = [self.ranked(mine, score) for mine, score in against_the_rest(y_true, scores)]
        return float(np.mean(each)) if each else self.alone

    def influence(self, y_true: Array, scores: Array) -> Array:
        """The mean of each class's."""
        each = [self.placed(mine, score) for mine, score in against_the_rest(y_true, scores)]
        return np.mean(each, axis=0) if each else np.zeros(len(y_true))

    @abstractmethod
    def ranked(self, mine: Array, score: Array) -> float:
        """The metric of one class.

        Args:
            mine: Which examples are of it, bool [n].
            score: Their scores for it, [n].
        """

    @abstractmethod
    def placed(self, mine: Array, score: Array) -> Array:
        """What each example adds to it, [n]; arguments as in `ranked`."""
