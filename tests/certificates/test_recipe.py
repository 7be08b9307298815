"""How long a certificate trains, and when its verdict falls."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

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


def stopped(accuracies, target: Target = TARGET, planned: int = 5, **known) -> tuple[str, int]:
    """The verdict on a recipe whose seeds come one by one, and how many it took."""
    for n in range(1, planned + 1):
        if (verdict := verdict_of(accuracies[:n], target, planned, **known)) is not None:
            return verdict, n
    raise AssertionError("the planned seeds must do")


def drawn(mean: float, spread: float, runs: int, seeds: int = 5) -> list[list[float]]:
    """Seeds of recipes with that mean and spread, in points above 75 %."""
    rng = np.random.default_rng(0)
    return (0.75 + rng.normal(mean, spread, (runs, seeds)) / 100).tolist()


def test_a_bound_is_students_at_a_level_that_leaves_something_for_other_looks():
    accuracies = [0.751, 0.757, 0.749, 0.762, 0.755]
    error = np.std(accuracies, ddof=1) / np.sqrt(5)
    bound = one_sided_bound(accuracies)
    assert bound == pytest.approx(np.mean(accuracies) - 2.45 * error, abs=1e-9)
    assert bound > np.mean(accuracies) - stdtrit(4, 0.975) * error
    assert bound < np.mean(accuracies) - stdtrit(4, 0.95) * error  # that of a single look
    more = [*accuracies, 0.756, 0.754, 0.758, 0.755, 0.753]
    assert bound < one_sided_bound(more) < np.mean(more)
    assert one_sided_bound([0.8]) is one_sided_bound([0.75, 0.76]) is None


def test_three_seeds_that_agree_by_luck_are_not_taken_at_their_word():
    same, close = one_sided_bound([0.77] * 3), one_sided_bound([0.763, 0.77, 0.777])
    assert same == pytest.approx(one_sided_bound([0.7699, 0.77, 0.7701])) and same < 0.76
    assert 0.754 < close < same
    # Where they do not agree there is nothing to say yet.
    assert one_sided_bound([0.75, 0.77, 0.79]) < 0.65


@pytest.mark.parametrize("spread", [0.2, 0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("below", [0.0, 0.5])
def test_what_does_not_meet_the_target_is_certified_in_one_case_of_twenty(spread, below):
    runs = 2_000
    rate = sum(stopped(a)[0] == "certified" for a in drawn(-below, spread, runs)) / runs
    assert rate <= 0.05
    far_above = drawn(3 * spread, spread, 500)
    assert sum(stopped(a)[0] == "certified" for a in far_above) > 480


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_seeds_that_are_added_after_a_verdict_stay_within_the_same_twentieth(spread):
    runs, wrong = 1_500, 0
    for accuracies in drawn(0, spread, runs, seeds=20):
        found = [stopped(accuracies)[0]]
        found += [verdict_of(accuracies[:n], TARGET, n, decided=5) or "" for n in (8, 12, 20)]
        wrong += "certified" in found
    assert wrong / runs <= 0.05


def test_a_clear_winner_takes_three_seeds():
    taken = [stopped(a) for a in drawn(2, 0.5, 2_000)]
    assert np.mean([found == ("certified", 3) for found in taken]) > 0.94
    assert np.mean([verdict == "certified" for verdict, _ in taken]) > 0.99
    # A modest one all of them.
    assert np.mean([stopped(a) == ("certified", 5) for a in drawn(1, 0.5, 500)]) > 0.6


def test_few_seeds_far_above_the_target_may_be_the_lucky_half_of_a_recipe_that_often_fails():
    assert stopped([0.77, 0.772, 0.771, 0.769, 0.773]) == ("certified", 3)
    assert stopped([0.87, 0.872, 0.871, 0.869, 0.873]) == ("certified", 5)
    rng = np.random.default_rng(0)
    clusters = np.where(rng.random((2_000, 5)) < 0.5, 0.87, 0.62) + rng.normal(0, 0.01, (2_000, 5))
    found = [stopped(a, Target(0.745)) for a in clusters.tolist()]
    assert np.mean([verdict == "certified" for verdict, _ in found]) < 0.05


def test_one_seed_decides_nothing_where_nothing_is_known_of_the_spread():
    assert verdict_of([], TARGET) is None
    assert verdict_of([0.70], TARGET) is None
    assert verdict_of([0.70], TARGET, test_size=10_000) is None
    close = [[0.755, 0.751], [0.748, 0.744, 0.752]]
    assert verdict_of([0.70], TARGET, replicates=close) == "refuted"
    assert verdict_of([0.745], TARGET, replicates=close) is None
    assert verdict_of([0.70], TARGET, replicates=[[0.62, 0.87], [0.7]]) is None
    assert verdict_of([0.70], TARGET, replicates=[[0.7], []]) is None


def test_what_clearly_fails_is_given_up_early():
    assert verdict_of([0.745], TARGET) is None
    assert verdict_of([0.735, 0.733], TARGET) == "refuted"
    assert verdict_of([0.735, 0.733], TARGET, test_size=500) is None
    assert verdict_of([0.745, 0.74, 0.739], TARGET) == "refuted"
    # Two more of 76.5 % would not lift the first mean far enough; the second, they might.
    assert verdict_of([0.747, 0.759, 0.72], TARGET) == "refuted"
    assert verdict_of([0.747, 0.759], TARGET) is None
    assert verdict_of([0.76, 0.76, 0.76, 0.76], TARGET) is None
    assert verdict_of([0.76, 0.76, 0.76, 0.76, 0.76], TARGET) == "certified"


@pytest.mark.parametrize("known", [{}, {"test_size": 200}, {"replicates": [[0.62, 0.87, 0.8]]}])
def test_a_recipe_whose_seeds_lie_far_apart_is_not_given_up_before_the_last(known):
    runs = drawn(1, 8, 1_000)
    early = [stopped(a, **known)[1] < 5 for a in runs]
    assert np.mean(early) <= 0.05


def test_replicates_that_lie_far_apart_put_off_an_early_certificate():
    winner = [0.77, 0.772, 0.771]
    assert verdict_of(winner, TARGET) == "certified"
    assert verdict_of(winner, TARGET, replicates=[[0.75, 0.752, 0.749]]) == "certified"
    assert verdict_of(winner, TARGET, replicates=[[0.62, 0.87]]) is None
    assert verdict_of(winner, TARGET, planned=3, replicates=[[0.62, 0.87]]) == "certified"


def test_who_asks_for_more_seeds_after_a_verdict_gets_them_all():
    fails, holds = [0.73] * 11, [0.77, 0.772, 0.771, 0.769] * 3
    for accuracies, early in ((fails, "refuted"), (holds, "certified")):
        assert verdict_of(accuracies[:3], TARGET) == early
        for n in range(3, 11):
            assert verdict_of(accuracies[:n], TARGET, 12, decided=3) is None
    assert verdict_of([*fails, 0.73], TARGET, 12, decided=3) == "refuted"
    assert verdict_of(holds, TARGET, 12, decided=3) == "certified"
    # Five could not tell; twelve with the same mean and spread can.
    unsure = [0.762, 0.753, 0.747, 0.764, 0.759]
    assert verdict_of(unsure, TARGET) == "refuted"
    assert verdict_of([*unsure, *unsure, 0.757, 0.757], TARGET, 12, decided=5) == "certified"


@pytest.mark.parametrize("planned", [3, 4, 5, 8, 12, 30])
def test_certified_means_that_the_bound_is_at_the_target(planned):
    rng = np.random.default_rng(planned)
    seen = set()
    for _ in range(200):
        mean, spread = rng.choice([0.73, 0.75, 0.757, 0.77]), rng.choice([0.002, 0.006, 0.03])
        accuracies = rng.normal(mean, spread, planned).tolist()
        verdict, n = stopped(accuracies, planned=planned)
        bound = one_sided_bound(accuracies[:n])
        if verdict == "certified" or n == planned:
            assert bound is not None and (bound >= 0.75) == (verdict == "certified")
        seen.add(verdict)
    assert seen == {"certified", "refuted"}


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
