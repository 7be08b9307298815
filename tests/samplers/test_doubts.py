"""What the sampler makes of models that may have met the target by luck."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial

from tests.helpers.dense_search import ask, history, make, shortfall_of
from tests.helpers.dense_search import size_of as dense_size_of
from tests.helpers.evidence import SPACE, finished, size_of
from tuner.samplers import SmallestFeasibleSampler
from tuner.samplers.smallest_feasible.outlook import Outlook

NOISE = 0.014
"""Of an accuracy of 75 % on 1,000 images."""


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
    believed = proposals(trials, 3, repeat=False, proven={number})
    assert all(p["width"] < 0.4 for p in believed)


def test_another_training_tells_less_of_a_model_than_of_its_configuration() -> None:
    trials = [*surroundings(), LUCKY]
    missed = [*trials, *[finished(0.4, 0.5, 0.02)] * 4]
    number = len(trials) - 1
    fallen = {prove: outlook(missed, prove=prove).chances[number] for prove in ("recipe", "model")}
    assert fallen["recipe"] < fallen["model"]


def test_a_check_is_not_asked_for_where_it_costs_more_than_it_can_be_worth() -> None:
    study = study_of([*surroundings(), LUCKY], repeat=False)
    assert isinstance(study.sampler, SmallestFeasibleSampler)
    cheap, dear = (study.sampler.outlook(study, check_cost=cost) for cost in (0.1, 20.0))
    assert cheap.check is not None
    assert dear.check is None


def test_the_limit_is_the_size_of_the_smallest_that_is_surely_real() -> None:
    trials = [*surroundings(), LUCKY]
    assert outlook(trials).limit == pytest.approx(size_of({"width": 0.8, "rate": 0.3}))
    proven: Collection[int] = {len(trials) - 1}
    assert outlook(trials, proven=proven).limit == pytest.approx(size_of({"width": 0.4}))
    assert outlook([LUCKY]).limit == math.inf


def test_with_everything_proven_nothing_changes() -> None:
    trials = [*surroundings(), LUCKY]
    met = {i for i, trial in enumerate(trials) if trial.constraints["shortfall"] <= 0}
    believed = proposals(trials, 2, proven=met)
    assert believed == proposals(trials, 2, noise=0.0)
    assert outlook(trials, proven=met).chances == dict.fromkeys(sorted(met), 1.0)
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


def test_a_doubted_incumbent_is_worth_a_check_and_a_proven_one_never() -> None:
    trials = [*surroundings(), LUCKY]
    assert outlook(trials, repeat=False).check == len(trials) - 1
    proven: Collection[int] = {len(trials) - 1}
    assert outlook(trials, repeat=False, proven=proven).check is None


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
    proven = set(range(9))
    trials = [*surroundings(), LUCKY]
    first = outlook(trials, proven=proven).expected_gain
    failed = [finished(w, r, 0.04) for w in (0.2, 0.3, 0.35, 0.38) for r in (0.2, 0.5, 0.8)]
    later = outlook([*trials, *failed], proven=proven).expected_gain
    assert first is not None and later is not None
    assert 0 <= later < first / 2 < 0.5


@pytest.mark.parametrize("noise", [-0.1, math.nan, math.inf])
def test_noise_out_of_range(noise: float) -> None:
    with pytest.raises(ValueError, match="noise must be at least 0 but got"):
        SmallestFeasibleSampler(noise=noise)


def test_a_search_with_lucky_trials_proposes_replicates_and_ends_in_order() -> None:
    study = optuna.create_study(sampler=make(0, noise=0.01))
    study.optimize(noisy, n_trials=20)
    places = [tuple(sorted(t.params.items())) for t in study.trials]
    assert len(set(places)) < len(places)


def noisy(trial: optuna.Trial) -> float:
    params = ask(trial)
    luck = 0.01 * math.sin(12.9898 * (trial.number + 1))  # as good as random
    trial.set_constraint("shortfall", shortfall_of(params) + luck)
    return dense_size_of(params)
