"""The sampler with the evidence of an earlier study."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import FrozenTrial

from tests.helpers.dense_search import (
    SPACE,
    ask,
    make,
    objective,
    shortfall_of,
    size_of,
    smallest,
)
from tuner.records.keys import SHORTFALL
from tuner.samplers.smallest_feasible.candidates import Pool
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read
from tuner.samplers.smallest_feasible.prediction import Prediction


def earlier(count: int = 15, seed: int = 100, by: float = 0.0) -> list[FrozenTrial]:
    """What a search of the same space has trained, its shortfalls `by` off."""
    study = optuna.create_study(sampler=make(seed))
    study.optimize(objective, n_trials=count)
    return shifted(study.trials, by)


def shifted(trials: list[FrozenTrial], by: float) -> list[FrozenTrial]:
    """Of a study that was so much harder."""
    return [
        optuna.create_trial(
            value=t.value,
            params=t.params,
            distributions=t.distributions,
            constraints={SHORTFALL: t.constraints[SHORTFALL] + by},
        )
        for t in trials
    ]


def found(trials: int, seed: int, **more: Any) -> float:
    study = optuna.create_study(sampler=make(seed, **more))
    study.optimize(objective, n_trials=trials)
    return smallest(study)


@pytest.mark.parametrize("by", [0.0, -0.1, 0.1], ids=["same", "easier", "harder"])
def test_a_few_trials_go_further_with_an_earlier_study(by: float) -> None:
    prior = earlier(by=by)
    cold = [found(6, seed) for seed in range(3)]
    warm = [found(6, seed, prior=prior) for seed in range(3)]
    assert np.median(np.log(warm)) < np.median(np.log(cold)) - 0.2


def test_a_misleading_earlier_study_costs_trials_but_is_overruled() -> None:
    def upside_down(trial: optuna.Trial) -> float:
        params = ask(trial)
        trial.set_constraint(SHORTFALL, 0.2 - shortfall_of(params))
        return size_of(params)

    study = optuna.create_study(sampler=make(100))
    study.optimize(upside_down, n_trials=15)
    cold = np.median([found(15, seed) for seed in range(3)])
    warm = np.median([found(15, seed, prior=study.trials) for seed in range(3)])
    assert warm < 2.5 * cold  # believed to the end, it would hide everything below 20,000


def random_trials(count: int, seed: int) -> list[FrozenTrial]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    study.optimize(objective, n_trials=count)
    return study.trials


def log_loss(own: list[FrozenTrial], prior: list[FrozenTrial]) -> float:
    """Of P(target is met) as the sampler sees it, on other configurations."""
    encoding = Encoding(SPACE, {})
    evidence = read(own, encoding, None, size_of, None, prior)
    rng = np.random.default_rng(0)
    prediction = Prediction(Pool(encoding, evidence, size_of, {}, False, rng, None))
    others = random_trials(150, 99)
    met = np.array([t.constraints[SHORTFALL] <= 0 for t in others])
    units = np.nan_to_num(np.array([encoding.encode(t.params) for t in others]), nan=0.5)
    chance = np.exp(prediction.log_chance(units, prediction.sizes(units)[0]))
    chance = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.log(np.where(met, chance, 1 - chance)).mean())


@pytest.mark.parametrize("seed", range(3))
def test_an_earlier_study_is_believed_only_where_it_tells_something(seed: int) -> None:
    own, alike = random_trials(20, seed), random_trials(60, 50 + seed)
    order = np.random.default_rng(seed).permutation(len(alike))
    unrelated = [
        optuna.trial.create_trial(
            value=trial.value,
            params=alike[i].params,
            distributions=alike[i].distributions,
            constraints=trial.constraints,
        )
        for trial, i in zip(alike, order, strict=True)
    ]
    alone = log_loss(own, [])
    assert log_loss(own, alike) < 0.8 * alone
    assert log_loss(own, unrelated) < 1.1 * alone


def test_differences_between_models_count_though_the_earlier_study_was_far_off() -> None:
    def flat(trial: optuna.Trial) -> float:
        params = ask(trial)
        trial.set_constraint(SHORTFALL, shortfall_of(params) / 20)
        return size_of(params)

    def logs(**more: Any) -> list[float]:
        studies = [optuna.create_study(sampler=make(seed, **more)) for seed in range(3)]
        for study in studies:
            study.optimize(flat, n_trials=8)
        return [float(np.log(smallest(study))) for study in studies]

    # On the scale of what the earlier models missed, all of this study's would look alike.
    far_off = shifted(random_trials(30, 100), by=0.3)
    assert np.median(logs(prior=far_off)) < np.median(logs()) - 0.2


def test_what_met_the_target_there_is_still_proposed_here() -> None:
    prior = earlier()
    best = min((t for t in prior if t.constraints[SHORTFALL] <= 0), key=lambda t: t.value or np.inf)
    study = optuna.create_study(sampler=make(0, prior=prior))
    study.optimize(objective, n_trials=4)
    # Nothing has met the target here before: sizes around and above the earlier best are allowed.
    assert max(t.value or 0 for t in study.trials) > 0.7 * (best.value or np.inf)


def test_parameters_that_only_one_study_has() -> None:
    prior = earlier()
    space = {**SPACE, "extra": IntDistribution(1, 5)}
    del space["norm"]

    def other(trial: optuna.Trial) -> float:
        params = {"norm": True, **{n: trial.params[n] for n in trial.params}}
        depth = trial.suggest_int("depth", 1, 3)
        params |= {"depth": depth, "rate": trial.suggest_float("rate", 1e-4, 1e-1, log=True)}
        for i in range(depth):
            params[f"units_{i}"] = trial.suggest_int(f"units_{i}", 4, 128, log=True)
        trial.suggest_int("extra", 1, 5)
        trial.set_constraint(SHORTFALL, shortfall_of(params))
        return size_of(params)

    study = optuna.create_study(sampler=make(0, search_space=space, prior=prior))
    study.optimize(other, n_trials=8)
    assert smallest(study) < np.inf
    assert len({t.params["extra"] for t in study.trials}) > 1


def test_the_same_seed_and_the_same_evidence_give_the_same_proposals() -> None:
    prior = earlier()
    proposed = []
    for _ in range(2):
        study = optuna.create_study(sampler=make(3, prior=prior))
        study.optimize(objective, n_trials=4)
        proposed.append([t.params for t in study.trials])
    assert proposed[0] == proposed[1]
