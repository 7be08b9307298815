"""Proposals of the sampler, on a problem that costs nothing to evaluate."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)
from optuna.trial import TrialState

from tests.helpers.dense_search import (
    CENTER,
    SPACE,
    ask,
    history,
    make,
    objective,
    shortfall_of,
    size_of,
    smallest,
)
from tuner.samplers.smallest_feasible import evidence
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler


class TestOptunasSuite(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    """Optuna's own tests of a sampler, with sizes learned."""

    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: SmallestFeasibleSampler(seed=0)


@pytest.mark.parametrize("more", [{}, {"center": CENTER}], ids=["plain", "center"])
def test_smaller_than_random_finds(more: dict[str, Any]) -> None:
    found = []
    for seed in range(3):
        ours = optuna.create_study(sampler=make(seed, **more))
        random = optuna.create_study(sampler=RandomSampler(seed=seed))
        ours.optimize(objective, n_trials=20)
        random.optimize(objective, n_trials=60)
        found.append((math.log(smallest(ours)), math.log(smallest(random))))
    one, other = (sum(logs) / len(found) for logs in zip(*found, strict=True))
    assert one < other


@pytest.mark.parametrize("seed", range(2))
def test_shrinks_with_sizes_learned(seed: int) -> None:
    study = optuna.create_study(sampler=SmallestFeasibleSampler(seed=seed))
    random = optuna.create_study(sampler=RandomSampler(seed=seed))
    study.optimize(objective, n_trials=30)
    random.optimize(objective, n_trials=30)
    assert smallest(study) < smallest(random)


@pytest.mark.parametrize("more", [{}, {"center": CENTER}], ids=["plain", "center"])
def test_never_proposes_the_incumbents_size(more: dict[str, Any]) -> None:
    study = optuna.create_study(sampler=make(**more))
    study.enqueue_trial({k: v for k, v in CENTER.items() if k != "units_2"})
    incumbent = math.inf
    for _ in range(25):
        trial = study.ask()
        params = ask(trial)
        assert size_of(params) < incumbent
        trial.set_constraint("shortfall", shortfall_of(params))
        study.tell(trial, size_of(params))
        incumbent = smallest(study)
    assert incumbent < size_of(CENTER) / 2


def test_with_many_parameters_proposals_keep_to_what_was_trained() -> None:
    """Of most of 16 parameters' space nothing is known, least of all in its corners."""
    widths, rates = [f"units_{i}" for i in range(4)], [f"rate_{i}" for i in range(12)]
    space: dict[str, BaseDistribution] = {
        **dict.fromkeys(widths, IntDistribution(4, 128, log=True)),
        **dict.fromkeys(rates, FloatDistribution(0.0, 1.0)),
    }
    sampler = SmallestFeasibleSampler(
        lambda params: sum(params[name] for name in widths), 10, 0, search_space=space
    )

    def train(trial: optuna.Trial) -> float:
        params: dict[str, Any] = {
            name: trial.suggest_int(name, 4, 128, log=True) for name in widths
        }
        params |= {name: trial.suggest_float(name, 0.0, 1.0) for name in rates}
        off = sum(abs(params[name] - 0.5) for name in rates) / len(rates)
        trial.set_constraint("shortfall", off - 0.05)
        return float(sum(params[name] for name in widths))

    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial({**dict.fromkeys(widths, 100), **dict.fromkeys(rates, 0.5)})
    study.optimize(train, n_trials=10)
    for trial in study.trials[1:]:
        alike = [
            sum(math.isclose(trial.params[name], old.params[name]) for name in space)
            for old in study.trials[: trial.number]
        ]
        assert max(alike) >= len(space) / 2
    assert smallest(study) < 100


def test_enqueued_values_are_kept_and_the_rest_fits_them() -> None:
    study = optuna.create_study(sampler=make())
    study.optimize(objective, n_trials=6)
    study.enqueue_trial({"depth": 3, "units_0": 5})
    study.optimize(objective, n_trials=1)
    assert {"depth": 3, "units_0": 5}.items() <= study.trials[-1].params.items()
    assert study.trials[-1].constraints  # it ran like any other


def test_proposes_only_what_can_be_built() -> None:
    def picky(params: dict[str, Any]) -> int:
        if params["depth"] == 3:
            raise ValueError("too deep")
        return size_of(params)

    sampler = SmallestFeasibleSampler(picky, 10, 0, search_space=SPACE)
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=12)
    assert {t.params["depth"] for t in study.trials} <= {1, 2}


def test_parallel_workers_propose_different_things() -> None:
    study = optuna.create_study(sampler=make())
    study.optimize(objective, n_trials=8)
    proposals = [tuple(sorted(ask(study.ask()).items())) for _ in range(6)]
    assert len(set(proposals)) == 6
    rates = [dict(p)["rate"] for p in proposals]
    sizes = [size_of(dict(p)) for p in proposals]
    assert len({(round(math.log10(r), 1), s) for r, s in zip(rates, sizes, strict=True)}) > 3


def test_gated_and_failed_trials_are_no_evidence() -> None:
    clean, noisy = (optuna.create_study(sampler=make()) for _ in range(2))
    clean.optimize(objective, n_trials=10)
    for trial in clean.trials:
        noisy.add_trial(trial)
    params = {"depth": 1, "units_0": 128, "rate": 0.1, "norm": False}
    noisy.add_trial(
        optuna.create_trial(
            state=TrialState.PRUNED,
            params=params,
            distributions={name: SPACE[name] for name in params},
            constraints={"shortfall": 1.0, "gate": 1.0},
        )
    )
    noisy.add_trial(optuna.create_trial(state=TrialState.FAIL, user_attrs={"why": "memory"}))
    encoding = Encoding(SPACE, {})
    assert read(noisy.trials, encoding, 10, size_of).count == 10
    assert len(read(noisy.trials, encoding, 10, size_of).tried) == 11


def test_a_stopped_trial_counts_as_what_its_curve_projects_to() -> None:
    params = {"depth": 1, "units_0": 64, "rate": 0.01, "norm": True}
    trial = optuna.create_trial(
        state=TrialState.PRUNED,
        params=params,
        distributions={name: SPACE[name] for name in params},
        intermediate_values={1: 0.5, 2: 0.4, 3: 0.35},
        constraints={"shortfall": 0.35},
    )
    evidence = read([trial], Encoding(SPACE, {}), 10, size_of)
    assert evidence.shortfall[0] < 0.35
    assert evidence.spread[0] > 0.01
    assert evidence.sizes[0] == size_of(params)
    assert evidence.incumbent == math.inf


@pytest.mark.parametrize("values", [{1: math.nan}, {1: 0.5, 2: math.nan}, {1: math.inf}])
def test_dead_trainings_do_not_wreck_the_proposals(values: dict[int, float]) -> None:
    study = optuna.create_study(sampler=make())

    def mixed(trial: optuna.Trial) -> float:
        params = ask(trial)
        if params["rate"] > 0.03 or trial.number == 1:
            for step, value in values.items():
                trial.report(value, step)
            trial.set_constraint("shortfall", 0.5)
            raise optuna.TrialPruned
        trial.set_constraint("shortfall", shortfall_of(params))
        return size_of(params)

    study.optimize(mixed, n_trials=20)
    assert smallest(study) < 6000  # the largest has 36,000


def storage_url(kind: str, folder: Path) -> Any:
    if kind == "memory":
        return optuna.storages.InMemoryStorage()
    if kind == "sqlite":
        return f"sqlite:///{folder / 'study.db'}"
    if kind == "postgresql":
        url = os.environ.get("TUNER_TEST_POSTGRESQL")
        if url is None:
            pytest.skip("TUNER_TEST_POSTGRESQL names no empty database")
        return optuna.storages.RDBStorage(url)
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
    return optuna.storages.JournalStorage(backend)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "journal", "postgresql"])
def test_same_seed_same_proposals_after_a_resume(kind: str, tmp_path: Path) -> None:
    whole = optuna.create_study(sampler=make(3))
    whole.optimize(objective, n_trials=9)
    storage = storage_url(kind, tmp_path)
    first = optuna.create_study(sampler=make(3), storage=storage, study_name="s")
    first.optimize(objective, n_trials=5)
    again = optuna.load_study(study_name="s", storage=storage, sampler=make(3))
    again.optimize(objective, n_trials=4)
    assert history(again) == history(whole)
    if isinstance(storage, optuna.storages.RDBStorage):
        storage.engine.dispose()


def test_other_seeds_propose_otherwise() -> None:
    studies = [optuna.create_study(sampler=make(seed)) for seed in (0, 1)]
    for study in studies:
        study.optimize(objective, n_trials=3)
    assert history(studies[0]) != history(studies[1])


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_same_proposals_under_another_hash_seed(hash_seed: str) -> None:
    code = (
        "import json, optuna, tests.helpers.dense_search as t\n"
        "study = optuna.create_study(sampler=t.make(5, center=t.CENTER))\n"
        "study.optimize(t.objective, n_trials=8)\n"
        "print(json.dumps(t.history(study)))\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )
    study = optuna.create_study(sampler=make(5, center=CENTER))
    study.optimize(objective, n_trials=8)
    assert json.loads(answer.stdout.splitlines()[-1]) == history(study)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, "horizon must be at least 1 but got 0"),
        ({"seed": -1}, "seed cannot be negative but got -1"),
        ({"n_startup": 0}, "n_startup must be at least 1 but got 0"),
    ],
)
def test_arguments_out_of_range(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SmallestFeasibleSampler(**arguments)  # type: ignore[arg-type]


def test_nothing_larger_than_a_queued_reference_is_proposed_while_it_is_trained() -> None:
    for seed in range(5):
        study = optuna.create_study(sampler=make(seed))
        reference = {"depth": 1, "units_0": 16, "rate": 0.01, "norm": True}
        study.enqueue_trial(reference)
        ask(study.ask())  # the reference, still running
        for _ in range(3):
            trial = study.ask()
            assert size_of(ask(trial)) < size_of(reference)
            trial.set_constraint("shortfall", 0.2)
            study.tell(trial, size_of(trial.params))


def test_trials_that_also_carry_the_dashboards_older_constraints_count_as_evidence() -> None:
    params = {"depth": 1, "units_0": 16, "rate": 0.01, "norm": True}
    distributions = {name: SPACE[name] for name in params}
    pruned = optuna.trial.create_trial(
        state=TrialState.PRUNED,
        params=params,
        distributions=distributions,
        intermediate_values={1: 0.4, 2: 0.39, 3: 0.38},
        constraints={"shortfall": 0.3},
        system_attrs={"constraints": [0.3]},
    )
    gated = optuna.trial.create_trial(
        state=TrialState.PRUNED,
        params=params,
        distributions=distributions,
        constraints={"gate": 0.1},
    )
    evidence = read([pruned, gated], Encoding(SPACE, {}), 10, size_of)
    assert evidence.count == 1
    assert 0.1 < evidence.shortfall[0] < 0.4


def test_of_equally_small_models_the_cheaper_to_train_comes_first():
    def proposal(cost_of):
        study = optuna.create_study(
            direction="minimize",
            sampler=SmallestFeasibleSampler(
                size_of=lambda params: 10 * params["width"], horizon=5, seed=3, cost_of=cost_of
            ),
        )
        # The first parameter decides the size, the second what an epoch costs.
        for width, resolution in ((50, 16), (90, 32), (70, 8), (60, 24)):
            study.enqueue_trial({"width": width, "resolution": resolution})
        for number in range(5):
            trial = study.ask()
            width = trial.suggest_int("width", 10, 100)
            resolution = trial.suggest_int("resolution", 4, 32)
            if number == 4:
                return resolution
            trial.set_constraint("shortfall", -0.05)
            study.tell(trial, 10.0 * width)

    assert proposal(lambda params: float(params["resolution"] ** 4)) <= 8
    assert proposal(lambda params: 1.0 / params["resolution"] ** 4) >= 24


def test_of_very_many_trials_those_count_that_tell_most(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study(sampler=make())
    study.optimize(objective, n_trials=60)
    trials = study.trials
    whole = read(trials, Encoding(SPACE, {}), 10, size_of)
    monkeypatch.setattr(evidence, "_MOST", 20)
    few = read(trials, Encoding(SPACE, {}), 10, size_of)
    assert few.count == 20 < whole.count and len(few.tried) == len(whole.tried)
    assert few.incumbent == whole.incumbent
    assert set(few.numbers) >= set(whole.numbers[-5:])
    assert list(few.numbers) == sorted(few.numbers)
    left_out = ~np.isin(whole.numbers, few.numbers)
    assert np.abs(whole.shortfall[left_out]).max() > np.abs(few.shortfall).min()
