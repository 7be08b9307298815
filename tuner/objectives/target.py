"""What has to be reached: the only place where target, margin and shortfall are reckoned with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tuner.objectives.metrics import DEFAULT_METRIC, Metric


@dataclass(frozen=True)
class Target:
    """A value of a metric to reach.

    Attributes:
        value: What the user asks for.
        margin: How far beyond it a measurement must come to count: room for its noise.
        metric: What is measured.
    """

    value: float
    margin: float = 0.0
    metric: Metric = field(default=DEFAULT_METRIC)

    @property
    def bar(self) -> float:
        """The measurement that just counts."""
        return self.metric.beyond(self.value, self.margin)

    @property
    def worst_shortfall(self) -> float:
        """The shortfall of a model that has learnt nothing."""
        return self.shortfall(self.metric.worst)

    def shortfall(self, measured: float) -> float:
        """How far a measurement is from the bar, at most 0 where it counts; NaN stays NaN."""
        return self.metric.missing(measured, self.bar)

    def is_met(self, measured: float) -> bool:
        """Whether a measurement counts."""
        return self.shortfall(measured) <= 0

    def without_margin(self) -> Target:
        """The same value, to be met by a number that has its own bound."""
        return replace(self, margin=0.0)
