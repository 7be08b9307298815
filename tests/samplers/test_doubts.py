"""What the sampler makes of models that may have met the target by luck."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)
from optuna.trial import FrozenTrial

from tests.helpers.dense_search import ask, history, make, shortfall_of
from tests.helpers.dense_search import size_of as dense_size_of
from tests.helpers.evidence import SPACE, finished, size_of
from tuner.samplers import SmallestFeasibleSampler
from tuner.samplers.smallest_feasible import outcomes
from tuner.samplers.smallest_feasible.acquisition import ranked
from tuner.samplers.smallest_feasible.outlook import Outlook, outlook_of

NOISE = 0.014
"""Of an accuracy of 75 % on 1,000 images."""


class TestOptunasSuite(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    """Optuna's own tests of a sampler, with doubt and replicates, sizes learned."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: SmallestFeasibleSampler(seed=0, noise=NOISE)


def surroundings() -> list[FrozenTrial]:
    """Wide models meet the target, by a lot, and narrow ones miss it; the middle is open."""
    wide = [finished(w, r, -0.04) for w in (0.8, 0.95) for r in (0.3, 0.7)]
    return wide + [finished(w, r, 0.05) for w in (0.0, 0.1) for r in (0.3, 0.7)]


LUCKY = finished(0.4, 0.5, -0.002)
"""The smallest that met the target, and only just."""


def study_of(trials: list[FrozenTrial], **options: Any) -> optuna.Study:
    options = {"noise": NOISE, **options}
    sampler = SmallestFeasibleSampler(size_of, 10, 0, search_space=SPACE, **options)
    study = optuna.create_study(sampler=sampler)
    study.add_trials(trials)
    return study


def outlook(trials: list[FrozenTrial], **options: Any) -> Outlook:
    study = study_of(trials, **options)
    assert isinstance(study.sampler, SmallestFeasibleSampler)
    return study.sampler.outlook(study)


def proposals(trials: list[FrozenTrial], count: int, **options: Any) -> list[dict[str, Any]]:
    """What is proposed next, with so many seeds."""
    found = []
    for seed in range(count):
        options = {"noise": NOISE, **options}
        sampler = SmallestFeasibleSampler(size_of, 10, seed, search_space=SPACE, **options)
        study = optuna.create_study(sampler=sampler)
        study.add_trials(trials)
        found.append(study.ask(SPACE).params)
    return found


@pytest.mark.parametrize("prove", ["recipe", "model"])
@pytest.mark.parametrize("replicates", [1, 2, 4])
@pytest.mark.parametrize("shortfall", [-0.02, 0.02])
def test_a_chance_falls_with_replicates_that_miss_and_rises_with_those_that_meet(
    replicates: int, shortfall: float, prove: str
) -> None:
    trials = [*surroundings(), LUCKY]
    number = len(trials) - 1
    before = outlook(trials, prove=prove).chances[number]
    again = [finished(0.4, 0.5, shortfall)] * replicates
    after = outlook([*trials, *again], prove=prove).chances[number]
    assert 0.05 < before < 0.95
    assert (after < before) if shortfall > 0 else (after > before)


def test_where_the_incumbent_is_doubted_something_between_it_and_the_next_is_proposed() -> None:
    refuting = [finished(0.4, 0.5, 0.02)] * 2
    narrow = [finished(w, 0.5, 0.03) for w in (0.2, 0.3)]
    trials = [*surroundings(), *narrow, LUCKY, *refuting]
    assert all(0.4 < p["width"] < 0.8 for p in proposals(trials, 3, repeat=False))
    number = next(t for t, trial in enumerate(trials) if trial is LUCKY)
    believed = proposals(trials, 3, repeat=False, proven={number: -0.002})
    assert all(p["width"] < 0.4 for p in believed)


def test_what_a_proof_measured_steers_the_search() -> None:
    trials = [*surroundings(), LUCKY]
    widths = {
        measured: [p["width"] for p in proposals(trials, 4, repeat=False, proven={8: measured})]
        for measured in (0.004, -0.05)
    }
    assert np.mean(widths[-0.05]) < np.mean(widths[0.004]) < 0.4


def test_another_training_tells_less_of_a_model_than_of_its_configuration() -> None:
    trials = [*surroundings(), LUCKY]
    missed = [*trials, *[finished(0.4, 0.5, 0.02)] * 4]
    number = len(trials) - 1
    fallen = {prove: outlook(missed, prove=prove).chances[number] for prove in ("recipe", "model")}
    assert fallen["recipe"] < fallen["model"]


WIDTHS = {"width": IntDistribution(1, 9)}


def _of_width(width: int, shortfall: float) -> FrozenTrial:
    return optuna.trial.create_trial(
        value=2**width,
        params={"width": width},
        distributions=WIDTHS,
        constraints={"shortfall": shortfall},
        intermediate_values={e: shortfall + 0.2 * (1 / e - 0.1) for e in range(1, 11)},
    )


@pytest.mark.parametrize("prove", ["recipe", "model"])
@pytest.mark.parametrize("later", [None, 0.004, -0.004])
def test_what_failed_its_proof_by_a_hair_is_trained_again_where_models_are_proven(
    later: float | None, prove: str
) -> None:
    trials = [_of_width(w, 0.03 * (8 - w)) for w in (4, 5, 6, 7)]
    trials += [_of_width(8, -0.002), _of_width(9, -0.05)]
    refuted = {4: 0.001}
    if later is not None:
        trials.append(_of_width(8, later))
        if later < 0:
            refuted[6] = 0.001
    asked = []
    for seed in range(4):
        sampler = SmallestFeasibleSampler(
            lambda p: 2 ** p["width"], 10, seed, search_space=WIDTHS, noise=NOISE, prove=prove,
            refuted=refuted, proven={5: -0.05},
        )  # fmt: skip
        study = optuna.create_study(sampler=sampler)
        study.add_trials(trials)
        asked.append(study.ask(WIDTHS).params["width"])
    # What is left besides lies far below what was far from the target.
    again = prove == "model" and later != 0.004
    assert set(asked) == {8} if again else 8 not in asked


def test_the_limit_is_the_size_of_the_smallest_that_is_surely_real() -> None:
    trials = [*surroundings(), LUCKY]
    assert outlook(trials).limit == pytest.approx(size_of({"width": 0.8, "rate": 0.3}))
    proven = {len(trials) - 1: -0.002}
    assert outlook(trials, proven=proven).limit == pytest.approx(size_of({"width": 0.4}))
    assert outlook([LUCKY]).limit == math.inf


def test_with_everything_proven_nothing_changes() -> None:
    trials = [*surroundings(), LUCKY]
    missing = {i: trial.constraints["shortfall"] for i, trial in enumerate(trials)}
    met = {i: shortfall for i, shortfall in missing.items() if shortfall <= 0}
    believed = proposals(trials, 2, proven=met)
    assert believed == proposals(trials, 2, noise=0.0)
    assert outlook(trials, proven=met).chances == dict.fromkeys(met, 1.0)
    assert outlook(trials, proven=met).check is None


def test_without_noise_a_search_is_the_same_with_doubt_and_without() -> None:
    studies = [optuna.create_study(sampler=make(1, repeat=repeat)) for repeat in (True, False)]
    for study in studies:
        study.optimize(dense, n_trials=8)
    assert history(studies[0]) == history(studies[1])


def dense(trial: optuna.Trial) -> float:
    params = ask(trial)
    trial.set_constraint("shortfall", shortfall_of(params))
    return dense_size_of(params)


def at_a_fork() -> list[FrozenTrial]:
    """Where the last is real little is left below it; where it is not, something is above."""
    around = [finished(w, r, -0.04) for w in (0.5, 0.8) for r in (0.3, 0.5, 0.7)]
    around += [finished(w, r, 0.05 - 0.1 * w) for w in (0.1, 0.225, 0.35) for r in (0.3, 0.5)]
    return [*around, finished(0.0, 0.5, 0.05), LUCKY]


def checked(check_cost: float, **options: Any) -> int | None:
    study = study_of(at_a_fork(), **options)
    assert isinstance(study.sampler, SmallestFeasibleSampler)
    return study.sampler.outlook(study, check_cost=check_cost).check


def test_a_doubted_incumbent_is_worth_a_check_and_a_proven_one_never() -> None:
    number = len(at_a_fork()) - 1
    assert checked(0.1, repeat=False) == number
    assert checked(0.1, repeat=False, proven={number: -0.002}) is None
    assert checked(20.0, repeat=False) is None


def test_one_more_training_tells_less_than_a_proof() -> None:
    study = study_of(at_a_fork())
    sampler = study.sampler
    assert isinstance(sampler, SmallestFeasibleSampler)
    pool = sampler._pool(study, dict(SPACE), len(study.trials), {})
    found = ranked(pool)
    number = len(study.trials) - 1
    worths = [
        max(
            cost
            for cost in np.geomspace(1e-3, 1, 9)
            if outlook_of(found, None, cost, noise).check == number
        )
        for noise in (None, 0.002, NOISE)
    ]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] > worths[-1]


def test_what_is_worth_repeating_is_proposed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = at_a_fork()
    worth = Outlook(0.1, len(trials) - 1)
    monkeypatch.setattr("tuner.samplers.smallest_feasible.sampler.outlook_of", lambda *_: worth)
    assert proposals(trials, 1) == [LUCKY.params]
    assert proposals(trials, 1, repeat=False) != [LUCKY.params]


def test_only_a_sampler_that_may_repeat_proposes_what_was_tried() -> None:
    trials = [*surroundings(), LUCKY]
    tried = [trial.params for trial in trials]
    assert not any(p in tried for p in proposals(trials, 3, repeat=False))


def test_with_no_trial_left_nothing_is_worth_checking() -> None:
    study = study_of([*surroundings(), LUCKY])
    assert isinstance(study.sampler, SmallestFeasibleSampler)
    assert study.sampler.outlook(study, left=0).check is None


def test_the_outlook_is_none_until_something_met_the_target() -> None:
    assert outlook([]) == Outlook()
    assert outlook([t for t in surroundings() if t.constraints["shortfall"] > 0]) == Outlook()


def test_the_outlook_gets_worse_as_models_below_the_incumbent_fail() -> None:
    trials = [*surroundings(), LUCKY]
    proven = {i: trial.constraints["shortfall"] for i, trial in enumerate(trials)}
    first = outlook(trials, proven=proven).expected_gain
    failed = [finished(w, r, 0.04) for w in (0.2, 0.3, 0.35, 0.38) for r in (0.2, 0.5, 0.8)]
    later = outlook([*trials, *failed], proven=proven).expected_gain
    assert first is not None and later is not None
    assert 0 <= later < first / 2 < 0.5


LINE = {e: 0.2 * (math.log(10) - math.log(e)) - 0.001 for e in range(1, 11)}
"""Falls straight in the logarithm of the epochs until it meets the target."""


def test_a_report_that_met_the_target_by_a_leap_was_lucky_and_one_on_a_line_was_not() -> None:
    assert outcomes.luck(LINE, NOISE) == pytest.approx(0.0, abs=1e-9)
    leap = {**LINE, 10: LINE[10] - 0.01}
    assert 0.001 < outcomes.luck(leap, NOISE) < 0.01
    wandering = {e: 0.01 * (e % 2) for e in range(1, 11)}
    assert outcomes.luck(wandering, NOISE) > 0.001
    assert outcomes.luck({**LINE, 10: LINE[10] - 1.0}, NOISE) <= NOISE


@pytest.mark.parametrize("values", [{}, {1: math.nan}, {1: 0.1, 2: math.inf}])
def test_where_nothing_was_reported_nothing_was_lucky(values: dict[int, float]) -> None:
    assert outcomes.luck(values, NOISE) == 0.0


@pytest.mark.parametrize("count", [2, 5])
def test_workers_beside_each_other_check_and_repeat_no_configuration_twice(count: int) -> None:
    study = optuna.create_study(sampler=make(0, noise=0.01))
    study.optimize(noisy, n_trials=6)
    asked = [tuple(sorted(ask(study.ask()).items())) for _ in range(count)]
    assert len(set(asked)) == count


@pytest.mark.parametrize("noise", [-0.1, math.nan, math.inf])
def test_noise_out_of_range(noise: float) -> None:
    with pytest.raises(ValueError, match="noise must be at least 0 but got"):
        SmallestFeasibleSampler(noise=noise)


def test_a_search_with_lucky_trials_ends_in_order() -> None:
    study = optuna.create_study(sampler=make(0, noise=0.01))
    study.optimize(noisy, n_trials=15)
    assert len(study.trials) == 15


def noisy(trial: optuna.Trial) -> float:
    params = ask(trial)
    luck = 0.01 * math.sin(12.9898 * (trial.number + 1))  # as good as random
    trial.set_constraint("shortfall", shortfall_of(params) + luck)
    return dense_size_of(params)
