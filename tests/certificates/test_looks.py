"""Proof of a model: the bound of its accuracy, and the budget of a study's looks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom, norm

from tests.helpers.metrics import Error
from tuner.certificates.bounds import binomial_bound, bound_of
from tuner.certificates.looks import BUDGET, budget_left, level_of_next
from tuner.objectives.metrics import METRICS


@pytest.mark.parametrize(("correct", "n"), [(1, 1), (3, 8), (75, 100), (7_580, 10_000)])
@pytest.mark.parametrize("level", [0.95, 0.97, 0.9995])
def test_at_the_bound_so_many_right_ones_are_just_as_rare_as_the_level_says(correct, n, level):
    bound = binomial_bound(correct, n, level)
    assert 0 < bound < correct / n
    assert binom.sf(correct - 1, n, bound) == pytest.approx(1 - level, rel=1e-6)


def test_the_bound_is_exact_at_its_ends():
    assert binomial_bound(0, 50, 0.95) == 0
    assert binomial_bound(50, 50, 0.95) == pytest.approx(0.05 ** (1 / 50))
    assert binomial_bound(5_000, 5_000, 0.99) == pytest.approx(0.01 ** (1 / 5_000))
    for correct, n in ((-1, 5), (6, 5), (0, 0)):
        with pytest.raises(ValueError, match=f"got {correct} of {n}"):
            binomial_bound(correct, n, 0.95)


@pytest.mark.parametrize("n", [20, 150, 1_000])
@pytest.mark.parametrize("chance", [0.05, 0.5, 0.75, 0.98])
def test_the_bound_is_above_the_truth_in_at_most_the_promised_share_of_test_sets(n, chance):
    above = [binomial_bound(k, n, 0.95) > chance for k in range(n + 1)]
    assert binom.pmf(np.arange(n + 1), n, chance)[above].sum() <= 0.05 + 1e-9


def test_three_of_five_real_files_were_proof():
    # 75.8 % and more of 10,000 images: at least 75.1 %, at the level of a single look.
    for accuracy in (0.763, 0.758, 0.765):
        assert binomial_bound(round(10_000 * accuracy), 10_000, 0.95) >= 0.7508


def test_most_of_the_budget_is_for_the_first_looks_and_the_eighth_still_has_some():
    failed = [1 - level_of_next([False] * k) for k in range(8)]
    assert failed == sorted(failed, reverse=True)
    assert failed[0] > 0.6 * BUDGET and sum(failed[:3]) > 0.8 * BUDGET
    assert sum(1 - level_of_next([False] * k) for k in range(2_000)) < BUDGET
    # What must be right of 10,000 for the proof of 75 %: a percentage point more at the eighth.
    needed = [
        next(k for k in range(7_500, 8_000) if binomial_bound(k, 10_000, 1 - a) >= 0.75)
        for a in (failed[0], failed[7])
    ]
    assert needed[1] - needed[0] < 75


def test_only_a_look_that_fails_costs_something():
    assert budget_left([]) == budget_left([True]) == budget_left([True] * 8) == 1
    assert level_of_next([True] * 8) == level_of_next([])
    assert budget_left([False]) == pytest.approx(1 - (1 - level_of_next([])) / BUDGET)
    for verdicts in itertools.permutations([True, True, False, False]):
        assert budget_left(verdicts) == budget_left([False] * 2)
        assert level_of_next(verdicts) == level_of_next([False] * 2)


@pytest.mark.parametrize("looks", [1, 4, 8])
def test_whatever_the_verdicts_the_failed_looks_never_spend_more_than_there_is(looks):
    for verdicts in itertools.product([False, True], repeat=looks):
        spent = sum(
            1 - level_of_next(verdicts[:k]) for k, proven in enumerate(verdicts) if not proven
        )
        assert spent < BUDGET
        assert budget_left(verdicts) == pytest.approx(1 - spent / BUDGET)
        assert 0.95 < level_of_next(verdicts) < 1


EXAMPLES = 1_000


def proven(true: float, hardness: np.ndarray, verdicts: list[bool], rng) -> bool:
    """The verdict of a look at a model of that true accuracy; hard examples are hard for all."""
    common = 0.8
    own = rng.standard_normal(len(hardness))
    right = np.sqrt(common) * hardness + np.sqrt(1 - common) * own < norm.ppf(true)
    level = level_of_next(verdicts)
    return binomial_bound(int(right.sum()), len(hardness), level) >= 0.75


def lucky_of_thirty(true: float, rng) -> float:
    """The true accuracy of the best of thirty on 1,000 validation examples."""
    models = true + 0.01 * rng.standard_normal(30)
    return float(models[rng.binomial(1_000, models).argmax()])


@pytest.mark.parametrize(
    ("start", "step", "chosen"),
    [
        (0.75, 0.0, False),  # all of them at the target: each proof is wrong
        (0.745, 0.003, False),
        (0.751, 0.002, False),
        (0.76, 0.01, False),
        (0.72, 0.005, False),
        (0.74, 0.005, True),
    ],
)
def test_a_ladder_of_models_over_eight_looks_proves_a_wrong_one_in_one_study_of_twenty(
    start, step, chosen
):
    studies, wrong = 700, 0
    for study in range(studies):
        rng = np.random.default_rng(study)
        hardness = rng.standard_normal(EXAMPLES)
        accuracy, verdicts, false = start, [], False
        for _ in range(8):
            true = lucky_of_thirty(accuracy, rng) if chosen else accuracy
            verdicts.append(proven(true, hardness, verdicts, rng))
            false = false or (verdicts[-1] and true <= 0.75)
            # A refuted one is followed by a larger one, a proven one by a smaller.
            accuracy += -step if verdicts[-1] else step
        wrong += false
    assert wrong / studies <= 0.05


def test_a_metric_is_bounded_from_predictions():
    y_true = np.array([0, 1, 2] * 20)
    scores = np.eye(3)[y_true]
    scores[:6] = np.eye(3)[(y_true[:6] + 1) % 3]
    assert bound_of(METRICS["accuracy"], y_true, scores, 0.95) == binomial_bound(54, 60, 0.95)
    # Of less that is better the bound is above: nobody has said how Error is bounded.
    truth = np.random.default_rng(0).normal(size=60)
    off = truth + 0.5
    assert 0.5 < bound_of(Error(), truth, off, 0.95) < 0.6  # a larger error may not have been seen
    off[:6] += 1.0
    assert Error().of(truth, off) == pytest.approx(0.6)
    assert 0.65 < bound_of(Error(), truth, off, 0.95) < 0.9
