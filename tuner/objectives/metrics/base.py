"""What every metric can say of itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy.typing as npt

Array = npt.NDArray[Any]


class Metric(ABC):
    """A number that is measured of predictions on examples.

    Attributes:
        name: As a study file has it.
        greater_is_better: Whether more of it is better.
        worst: The value that no model falls short of.
        best: The value that no model exceeds.
        scale: What a value is multiplied by where people read it: 100 for a percentage.
    """

    name: ClassVar[str]
    greater_is_better: ClassVar[bool]
    worst: ClassVar[float]
    best: ClassVar[float]
    scale: ClassVar[float] = 1.0

    @abstractmethod
    def of(self, y_true: Array, scores: Array) -> float:
        """The metric over all examples at once.

        Args:
            y_true: The truth, one entry an example, [n] or [n, ...].
            scores: What the model gave for each example, [n, ...].
        """

    @abstractmethod
    def margin(self, examples: int) -> float:
        """How far beyond the target validation must come by default.

        Args:
            examples: How many are validated on: the noise of a measurement shrinks with them.
        """

    @abstractmethod
    def written(self, value: float, digits: int = 1) -> str:
        """A value as people read it, with so many digits."""

    def missing(self, value: float, wanted: float) -> float:
        """How much a value lacks of another, above 0 where it is worse."""
        return wanted - value if self.greater_is_better else value - wanted

    def beyond(self, value: float, step: float) -> float:
        """The value that is better than another by a step."""
        return value + step if self.greater_is_better else value - step

    def best_of(self, values: Iterable[float]) -> float | None:
        """The best of some values, NaN left out; None where there is none."""
        finite = [v for v in values if math.isfinite(v)]
        return (max if self.greater_is_better else min)(finite, default=None)

    def cautious(self, value: float, digits: int = 1) -> float:
        """A value rounded to its worse side, to so many digits as people read it.

        So that a bound just short of the target is not shown as the target.
        """
        scale = self.scale * 10.0**digits
        if self.greater_is_better:
            return math.floor(value * scale + 1e-9) / scale
        return math.ceil(value * scale - 1e-9) / scale
