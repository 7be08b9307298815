"""What the sampler hopes for, on evidence that leaves no doubt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optuna.trial import FrozenTrial
from scipy.integrate import quad
from scipy.stats import norm

from tests.helpers.evidence import finished, prediction_of
from tuner.samplers.smallest_feasible.prediction import log_expected_margin


def near_misses(count: int) -> list[FrozenTrial]:
    """Trainings of nearly one configuration that end just above the target; others, far above."""
    around = [finished(0.5 + 0.002 * i, 0.5, 0.002) for i in range(count)]
    far = [finished(i / 7, j, 0.06) for i in range(8) for j in (0.0, 1.0)]
    return [*far, *around, finished(1.0, 0.5, -0.001)]


def test_the_more_often_a_configuration_nearly_met_the_target_the_less_it_is_hoped_for() -> None:
    here = np.array([[0.5, 0.5]])
    chances = []
    for count in (1, 3, 8):
        prediction = prediction_of(near_misses(count))
        chances.append(math.exp(prediction.log_chance(here, prediction.sizes(here)[0])[0]))
    assert chances == sorted(chances, reverse=True)
    assert chances[-1] < 0.25  # one training would be lucky far more often


def test_the_margin_is_the_integral_that_it_stands_for() -> None:
    prediction = prediction_of(near_misses(3))
    units = np.random.default_rng(1).random((20, 2))
    logs = prediction.sizes(units)[0]
    mean, sd = prediction.shortfall(units, logs)
    expected = [
        quad(lambda f, m=m, s=s: -f * norm.pdf(f, m, s), min(m, 0) - 12 * s, 0)[0]
        for m, s in zip(mean, sd, strict=True)
    ]
    assert np.exp(prediction.log_margin(units, logs)) == pytest.approx(expected, rel=1e-6)


def test_the_margin_tells_candidates_apart_however_hopeless_they_are() -> None:
    means = np.array([-1e6, -50.0, -5.9, -6.1, 0.0, 5.9, 6.1, 40.0, 1e4])
    margins = log_expected_margin(means, np.ones(len(means)))
    assert np.isfinite(margins).all()
    assert (margins[np.argsort(means)] == np.sort(margins)[::-1]).all()
