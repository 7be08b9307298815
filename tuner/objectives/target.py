"""What has to be reached: the only place where target, margin and shortfall are reckoned with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tuner.objectives.metrics import DEFAULT_METRIC, Metric

MOST = 10.0
"""The largest shortfall that is stored, in units: databases hold no infinite one."""


@dataclass(frozen=True)
class Target:
    """A value of a metric to reach.

    Attributes:
        value: What the user asks for.
        margin: How far beyond it a measurement must come to count: room for its noise.
        metric: What is measured.
        unit: The length that counts as 1 where shortfalls of any metric are compared with each
            other: from the error of a constant prediction to none. Of accuracies it is 1.
    """

    value: float
    margin: float = 0.0
    metric: Metric = field(default=DEFAULT_METRIC)
    unit: float = 1.0

    @property
    def bar(self) -> float:
        """The measurement that just counts."""
        return self.metric.beyond(self.value, self.margin)

    @property
    def worst_shortfall(self) -> float:
        """The shortfall of a model that has learnt nothing, as it is `reported`."""
        return self.reported(self.metric.worst)

    def shortfall(self, measured: float) -> float:
        """How far a measurement is from the bar, at most 0 where it counts; NaN stays NaN."""
        return self.metric.missing(measured, self.bar)

    def reported(self, measured: float) -> float:
        """The shortfall in units, at most `MOST`; NaN stays NaN.

        Told to Optuna, whose pruners and samplers expect it to be of the size of an accuracy's.
        """
        return min(self.shortfall(measured) / self.unit, MOST)

    def measured(self, reported: float) -> float:
        """A shortfall that was `reported`, as a length of the metric."""
        return reported * self.unit

    def is_met(self, measured: float) -> bool:
        """Whether a measurement counts."""
        return self.shortfall(measured) <= 0

    def without_margin(self) -> Target:
        """The same value, to be met by a number that has its own bound."""
        return replace(self, margin=0.0)
