"""Target, margin and shortfall, for metrics of either direction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.metrics import Error
from tuner.objectives.metrics import DEFAULT_METRIC, METRICS, Metric
from tuner.objectives.target import Target


@pytest.mark.parametrize(
    ("target", "bar", "met", "missed"),
    [
        (Target(0.75), 0.75, 0.75, 0.7499),
        (Target(0.75, 0.005), 0.755, 0.755, 0.754),
        (Target(2.0, 0.25, Error()), 1.75, 1.75, 1.76),
    ],
)
def test_it_is_met_from_the_bar_on(target: Target, bar: float, met: float, missed: float) -> None:
    assert target.bar == pytest.approx(bar)
    assert target.is_met(met) and target.shortfall(met) <= 0
    assert not target.is_met(missed) and target.shortfall(missed) > 0


def test_what_was_not_measured_meets_nothing() -> None:
    assert math.isnan(Target(0.75).shortfall(math.nan))
    assert not Target(0.75).is_met(math.nan)


def test_the_worst_shortfall_is_that_of_the_worst_value() -> None:
    assert Target(0.75, 0.01).worst_shortfall == pytest.approx(0.76)
    assert Target(2.0, 0.25, Error()).worst_shortfall == pytest.approx(8.25)


def test_without_margin_only_the_value_counts() -> None:
    assert Target(0.75, 0.01).without_margin() == Target(0.75)


def test_the_best_of_a_curve_follows_the_direction() -> None:
    values = [math.nan, 0.3, 0.5, 0.4]
    assert DEFAULT_METRIC.best_of(values) == 0.5
    assert Error().best_of(values) == 0.3
    assert Error().best_of([math.nan]) is None


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_every_metric_keeps_its_own_rules(metric: Metric) -> None:
    assert METRICS[metric.name] is metric
    assert metric.missing(metric.best, metric.worst) < 0 < metric.missing(metric.worst, metric.best)
    assert metric.margin(100) > metric.margin(10_000) > 0
    assert metric.written(metric.best)


def test_accuracy_is_the_fraction_of_right_classes() -> None:
    scores = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]])
    assert METRICS["accuracy"].of(np.array([0, 1, 1, 1]), scores) == 0.75
    assert METRICS["accuracy"].margin(5_000) == 0.005
    assert METRICS["accuracy"].written(0.7576, 2) == "75.76 %"


def test_a_bound_is_rounded_to_its_worse_side() -> None:
    assert DEFAULT_METRIC.cautious(0.74996, 1) == 0.749
    assert DEFAULT_METRIC.cautious(0.74996, 2) == 0.7499
    assert DEFAULT_METRIC.cautious(0.75, 1) == 0.75
    assert Error().cautious(1.2301, 2) == 1.24
    assert Error().cautious(1.23, 2) == 1.23
