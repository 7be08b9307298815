"""How long a certificate trains, and when its verdict falls."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.metrics import Error
from tuner.certificates.recipe import one_sided_bound, training_epochs, verdict_of
from tuner.objectives.target import Target

TARGET = Target(0.75)


def test_a_certificate_trains_until_the_curve_is_two_points_further():
    steep = [0.1 * epoch**0.5 for epoch in range(1, 13)]  # 10 points in the last doubling
    rising = [0.05 * epoch**0.5 for epoch in range(1, 13)]  # 5
    slow = [0.6 + 0.01 * np.log2(epoch) for epoch in range(1, 13)]  # 1 point in each
    flat = [0.6] * 12
    falling = [0.64, *[0.6] * 11]
    assert training_epochs(steep, 25) == 15
    assert training_epochs(rising, 25) == 19
    assert training_epochs(slow, 25) == 25
    assert training_epochs(flat, 25) == training_epochs(falling, 25) == 15
    assert training_epochs(rising, 13) == 13
    assert [training_epochs([0.8] * n, 25) for n in (1, 3, 25)] == [2, 4, 25]


def test_a_bound_is_students():
    accuracies = [0.751, 0.757, 0.749, 0.762, 0.755]
    error = np.std(accuracies, ddof=1) / np.sqrt(5)
    assert one_sided_bound(accuracies) == pytest.approx(
        np.mean(accuracies) - 2.1318 * error, abs=1e-6
    )
    assert one_sided_bound([0.8]) is None
    # One degree of freedom: a long way below, but a bound.
    assert one_sided_bound([0.75, 0.76]) == pytest.approx(0.755 - 6.3138 * 0.005, abs=1e-6)


@pytest.mark.parametrize("spread", [0.002, 0.005, 0.02])
def test_a_model_just_at_the_target_is_certified_in_one_case_of_twenty(spread):
    rng = np.random.default_rng(0)
    runs = 4_000

    def certified(accuracies) -> bool:
        for n in range(1, 6):
            if (verdict := verdict_of(list(accuracies[:n]), TARGET)) is not None:
                return verdict == "certified"
        raise AssertionError("five seeds must do")

    rate = sum(certified(a) for a in rng.normal(0.75, spread, (runs, 5))) / runs
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert sum(certified(a) for a in rng.normal(0.75 + 3 * spread, spread, (500, 5))) > 480


def test_what_clearly_fails_is_given_up_early():
    assert verdict_of([], TARGET) is None
    assert verdict_of([0.70], TARGET) == "refuted"
    assert verdict_of([0.745], TARGET) is None
    assert verdict_of([0.745, 0.74, 0.739], TARGET) == "refuted"
    # Two more of 76.5 % would not lift the first mean far enough; the second, they might.
    assert verdict_of([0.747, 0.759, 0.72], TARGET) == "refuted"
    assert verdict_of([0.747, 0.759], TARGET) is None
    assert verdict_of([0.76, 0.76, 0.76, 0.76], TARGET) is None
    assert verdict_of([0.76, 0.76, 0.76, 0.76, 0.76], TARGET) == "certified"


def test_where_less_is_better_everything_is_turned_round():
    accuracies, error = [0.751, 0.757, 0.749, 0.762, 0.755], Error()
    errors = [1 - a for a in accuracies]
    bound = one_sided_bound(accuracies)
    assert bound is not None and bound < min(np.mean(accuracies), 0.755)
    assert one_sided_bound(errors, metric=error) == pytest.approx(1 - bound)
    for step in (-0.01, -0.003, 0.0, 0.003, 0.01):
        target = Target(0.75 + step)
        mirrored = Target(1 - target.value, metric=error)
        for n in range(6):
            assert verdict_of(errors[:n], mirrored) == verdict_of(accuracies[:n], target)
    curve = [0.05 * epoch**0.5 for epoch in range(1, 13)]
    assert training_epochs([1 - a for a in curve], 25, error) == training_epochs(curve, 25) == 19
