"""The fraction of examples that are put into their class."""

from __future__ import annotations

from typing import ClassVar

from tuner.basics.numbers import percent
from tuner.objectives.metrics.base import Array, Metric


class Accuracy(Metric):
    """The fraction of examples whose highest score is their own class's."""

    name: ClassVar[str] = "accuracy"
    greater_is_better: ClassVar[bool] = True
    worst: ClassVar[float] = 0.0
    best: ClassVar[float] = 1.0
    scale: ClassVar[float] = 100.0

    def of(self, y_true: Array, scores: Array) -> float:
        """Over all examples.

        Args:
            y_true: Class indices, [n].
            scores: One number a class, [n, classes].
        """
        return float((scores.argmax(axis=1) == y_true).mean())

    def margin(self, examples: int) -> float:
        """Half a point on 5,000 examples, and more on fewer.

        The noise of a measured accuracy shrinks with the root of the number of examples.
        """
        return float(round(0.005 * (5_000 / max(examples, 1)) ** 0.5, 5))

    def written(self, value: float, digits: int = 1) -> str:
        """``75.8 %``."""
        return percent(value, digits)
