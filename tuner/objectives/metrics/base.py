"""What every metric can say of itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from tuner.basics import numbers
from tuner.objectives.metrics.resampling import Array, standard_error
from tuner.objectives.tasks import Task

__all__ = ["Array", "Metric", "ScoreMetric"]

FIGURES = 3
"""Significant digits, and one more for each that is asked for, of a number without a range."""


class Metric(ABC):
    """A number that is measured of predictions on examples.

    Attributes:
        name: As a study file has it.
        title: What it is called in a sentence.
        greater_is_better: Whether more of it is better.
        worst: The value that no model falls short of; infinite where there is none.
        best: The value that no model exceeds; infinite where that is not known.
        scale: What a value is multiplied by where people read it: 100 for a percentage.
        more_digits: Digits behind the point, in addition to those that are asked for; None: as many
            as it takes to show `FIGURES` significant ones, of a number without a range.
        unit: What counts as 1 where shortfalls of several metrics are compared; None: the error of
            a constant prediction, which depends on the data.
        tasks: What it can be measured of.
        of_classes: Whether it asks which class each example is put into, and nothing else.
    """

    name: str
    title: str = ""
    greater_is_better: bool
    worst: float
    best: float
    scale: float = 1.0
    more_digits: int | None = 0
    unit: float | None = 1.0
    of_classes: bool = False
    tasks: frozenset[Task] = frozenset(("classification", "regression"))

    @abstractmethod
    def of(self, y_true: Array, scores: Array) -> float:
        """The metric over all examples at once; the worst value where a score is not finite.

        Args:
            y_true: The truth, one entry an example, [n] or [n, ...].
            scores: What the model gave for each example, [n, ...]: of classes one number each,
                probabilities or logits.
        """

    def standard_error(self, y_true: Array, scores: Array) -> float:
        """The standard deviation of the metric over sets of examples of this size, estimated.

        From the influence of each example where the metric has one, else by a bootstrap.
        """
        influence = self.influence(y_true, scores)
        if influence is None:
            return standard_error(self.of, y_true, scores)
        return float(influence.std() / math.sqrt(max(len(influence), 1)))

    def influence(self, y_true: Array, scores: Array) -> Array | None:
        """What each example adds to the metric: its empirical influence function, [n], mean 0.

        The metric of a set of examples is about its true value plus the mean of these (F. R.
        Hampel, "The influence curve and its role in robust estimation", Journal of the American
        Statistical Association 69(346), 1974). None where nobody has worked it out.
        """
        return None

    def margin(self, examples: int) -> float:
        """How far beyond the target validation must come where no standard error is known.

        Half a hundredth on 5,000 examples, and more on fewer: the noise of a measurement shrinks
        with the root of their number.
        """
        return float(round(0.005 * (5_000 / max(examples, 1)) ** 0.5, 5))

    @property
    def key(self) -> str:
        """Its name as part of the name of a column, or of a key in JSON."""
        return self.name

    @property
    def keys(self) -> dict[str, str]:
        """What numbers that are measured by it are called, by their names in an epoch."""
        return {"measured": self.key, "val_measured": f"val_{self.key}"}

    @property
    def is_share(self) -> bool:
        """Whether it is a fraction of the examples, that people read in per cent."""
        return self.scale == 100.0

    @property
    def is_bounded(self) -> bool:
        """Whether its best value is known."""
        return math.isfinite(self.best)

    @property
    def origin(self) -> float:
        """What lengths are measured from where nothing is to be reached: the best, or 0."""
        return self.best if self.is_bounded else 0.0

    @property
    def needs_classes(self) -> bool:
        """Whether answers must be classes."""
        return "regression" not in self.tasks

    # How people read it

    def written(self, value: float | None, digits: int = 1) -> str:
        """A value as people read it: ``75.8 %``, ``0.853``, ``1,234``.

        Args:
            value: A value; one that is not known is a question mark.
            digits: Behind the point of a percentage; others have more of them.
        """
        if self.is_share:
            return numbers.percent(value, digits)
        return numbers.number(value, self._decimals(value or 0.0, digits))

    def bare(self, value: float, digits: int = 1) -> str:
        """The same without a unit, under a heading that has it."""
        return numbers.hundredths(value, digits) if self.is_share else self.written(value, digits)

    def goal(self, value: float | None) -> str:
        """A value that somebody chose, with the digits that it was given."""
        return numbers.goal(value) if self.is_share else numbers.chosen(value)

    def difference(self, amount: float) -> str:
        """A difference of two values: ``0.5 points``, ``0.012``."""
        return numbers.points(amount) if self.is_share else f"{amount:.3g}"

    def spread(self, deviation: float) -> str:
        """A standard deviation: ``± 0.7`` points, ``± 0.012``."""
        return numbers.spread(deviation) if self.is_share else f"± {deviation:.2g}"

    def cautious(self, value: float, digits: int = 1) -> float:
        """A value rounded to its worse side, to so many digits as people read it.

        So that a bound just short of the target is not shown as the target.
        """
        if not math.isfinite(value):
            return value
        scale = self.scale * 10.0 ** self._decimals(value, digits)
        if self.greater_is_better:
            return math.floor(value * scale + 1e-9) / scale
        return math.ceil(value * scale - 1e-9) / scale

    def _decimals(self, value: float, digits: int) -> int:
        if self.more_digits is None:
            return numbers.decimals(value, FIGURES + digits)
        return digits + self.more_digits

    # Which of two is better, and by how much

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

    def rank(self, value: float | None) -> float:
        """By what to sort with the best first; what is not known comes last."""
        if value is None or math.isnan(value):
            return math.inf
        return -value if self.greater_is_better else value

    def is_better(self, value: float, other: float) -> bool:
        """Whether a value is better than another."""
        return self.missing(value, other) < 0


class ScoreMetric(Metric):
    """A metric of finite scores: what is not finite is no prediction, and worth the worst."""

    def of(self, y_true: Array, scores: Array) -> float:
        """As `Metric.of`; the subclass measures finite scores of the truth's shape."""
        truth, given = np.asarray(y_true), np.asarray(scores, np.float64)
        if not np.isfinite(given).all():
            return self.worst
        return float(self.measure(truth, given))

    @abstractmethod
    def measure(self, y_true: Array, scores: Array) -> float:
        """The metric of finite scores, float64, in which shapes are as `of` has them."""
