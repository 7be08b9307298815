"""Evidence of an earlier study: in the sampler, and through ``--warm-start``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import IntDistribution
from optuna.trial import FrozenTrial, TrialState

from tests.helpers import fakes, tiny
from tests.helpers.dense_search import (
    SPACE,
    ask,
    make,
    objective,
    shortfall_of,
    size_of,
    smallest,
)
from tuner import search
from tuner.errors import UsageError
from tuner.records.keys import SHORTFALL, StudyKey
from tuner.records.studies import StudyRecord
from tuner.samplers.smallest_feasible.candidates import Pool
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read
from tuner.samplers.smallest_feasible.prediction import Prediction
from tuner.sessions.plan import plan
from tuner.sessions.watcher import Silent
from tuner.sessions.wish import Wish
from tuner.storages import warm_start
from tuner.views.lines import opening


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


def pair(
    target: float = 0.75, horizon: int = 25, data: str = "cifar10"
) -> tuple[optuna.Study, optuna.Study]:
    """A study q4 with three trained trials and one gated, and an empty q6 in one storage."""
    storage = optuna.storages.InMemoryStorage()
    there = fakes.make_study("q4", storage=storage)
    fakes.add_trial(there, "reached", 4000, 0.76, 12)
    fakes.add_trial(there, "missed", 2000, 0.7)
    fakes.add_trial(there, "pruned", 1000, 0.4, 6)
    fakes.add_trial(there, "gated", 9000)
    spec = {**fakes.SPEC, "name": "q6", "target": target, "horizon": horizon}
    return there, fakes.make_study("q6", storage=storage, spec=spec, data=data)


def test_shortfalls_are_moved_to_this_studys_target_and_epochs_to_its_horizon() -> None:
    there, here = pair(target=0.65, horizon=50)
    warm_start.agree(here, "q4")
    trials = warm_start.evidence(here)
    assert StudyRecord.of(here).warm_start == ("q4", 3)
    assert [t.state for t in trials] == [
        TrialState.COMPLETE,
        TrialState.COMPLETE,
        TrialState.PRUNED,
    ]
    for was, now in zip(there.trials, trials, strict=False):
        assert now.constraints[SHORTFALL] == pytest.approx(was.constraints[SHORTFALL] - 0.1)
        moved = {2 * s: v - 0.1 for s, v in was.intermediate_values.items()}
        assert now.intermediate_values == pytest.approx(moved)


def test_what_is_trained_there_later_changes_nothing_here() -> None:
    there, here = pair()
    warm_start.agree(here, "q4")
    fakes.add_trial(there, "reached", 500, 0.8, 5)
    warm_start.agree(here, "q4")
    assert len(warm_start.evidence(here)) == 3
    warm_start.agree(here, None)  # going on without naming it again
    assert len(warm_start.evidence(here)) == 3


def test_a_refuted_trial_counts_as_the_mean_of_its_fresh_trainings() -> None:
    there, here = pair()
    fakes.add_certificate(there, 0, [0.74, 0.735], certified=False)
    warm_start.agree(here, "q4")
    first = warm_start.evidence(here)[0]
    assert first.constraints[SHORTFALL] == pytest.approx(0.755 - 0.7375)
    assert not first.intermediate_values


def begun(here: optuna.Study) -> None:
    fakes.add_trial(here, "missed", 2000, 0.4)


def swept(here: optuna.Study) -> None:
    fakes.make_study("q9", storage=here._storage, spec=fakes.SWEEP_SPEC)


def empty(here: optuna.Study) -> None:
    fakes.make_study("q8", storage=here._storage)


def nothing(here: optuna.Study) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "name", "message"),
    [
        (nothing, "q5", "no study called 'q5' has results"),
        (nothing, "q6", "is the study itself"),
        (swept, "q9", "is a sweep"),
        (empty, "q8", "has not trained anything yet"),
        (begun, "q4", "'q6' began without a warm start"),
    ],
)
def test_what_cannot_be_begun_with_is_said(
    before: Callable[[optuna.Study], None], name: str, message: str
) -> None:
    _, here = pair()
    before(here)
    with pytest.raises(UsageError, match=message):
        warm_start.agree(here, name)


def test_a_study_that_began_otherwise_or_whose_evidence_is_gone() -> None:
    there, here = pair()
    other = fakes.make_study("q8", storage=here._storage)
    fakes.add_trial(other, "missed", 2000, 0.4)
    warm_start.agree(here, "q4")
    with pytest.raises(UsageError, match="began with 'q4'"):
        warm_start.agree(here, "q8")
    optuna.delete_study(study_name=there.study_name, storage=here._storage)
    with pytest.raises(UsageError, match="no longer has"):
        warm_start.evidence(here)


def test_spaces_with_nothing_in_common_are_refused() -> None:
    _, here = pair()
    warm_start.agree(here, "q4")
    trials = warm_start.evidence(here)
    warm_start.check(trials, ["width", *(n for t in trials for n in t.params)], here)
    for trial in trials:
        trial.params = {"other": 1}
    with pytest.raises(UsageError, match="no parameter in common"):
        warm_start.check(trials, ["width"], here)


@pytest.mark.slow
def test_a_search_goes_on_from_another(tmp_path: Path) -> None:
    file, results = str(tiny.write(tmp_path)), tmp_path / "out"
    results.mkdir()
    there = fakes.make_study("q4", storage=f"sqlite:///{results / 'tuner.db'}")
    for size, best in ((4000, 0.76), (2000, 0.7), (1000, 0.6)):
        fakes.add_trial(there, "missed", size, best)
    result = search(
        file, results=results, trials=2, workers=1, certify=False, warm_start="q4", reference=False
    )
    record = result.record
    assert record.warm_start == ("q4", 3)
    assert len(record.trained) == 2
    assert "--warm-start q4" in result.resume
    assert any("warm start: 3 trials of q4" in line for line in opening(record, result.run))
    wish = Wish(file, (), 2, None, 0, None, results, None, None, None)
    assert StudyKey.WARM_START in plan(wish, Silent()).study.user_attrs


def test_other_samplers_cannot_be_warm_started(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs the sampler 'smallest' but got 'tpe'"):
        search("q4", results=tmp_path, sampler="tpe", warm_start="q10")
