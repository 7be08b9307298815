"""The sampler and the pruner in studies of Optuna that nothing else of the project has touched."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from tests.helpers.dense_search import ask, make, shortfall_of, size_of
from tuner.pruners import TargetPruner
from tuner.samplers import SmallestFeasibleSampler
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read

HORIZON = 12


def train(trial: optuna.Trial) -> float:
    """Reports a shortfall an epoch, sets no constraint, and ends when the target is met."""
    return train_with(trial, ask(trial))


def train_with(trial: optuna.Trial, params: dict[str, Any]) -> float:
    final = shortfall_of(params)
    for epoch in range(1, HORIZON + 1):
        # Steeper by trial: Wilcoxon's test takes long over differences that are all the same.
        value = final + (0.3 + 0.01 * trial.number) * (1 / epoch - 1 / HORIZON)
        trial.report(value, epoch)
        if value <= 0:
            break
        if trial.should_prune():
            raise optuna.TrialPruned
    return size_of(params)


def smallest_met(study: optuna.Study) -> float:
    """Of the trials whose reports came to the target."""
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    values = [t.value for t in trials if min(t.intermediate_values.values()) <= 0]
    return min((v for v in values if v is not None), default=math.inf)


def searched(sampler: BaseSampler) -> optuna.Study:
    study = optuna.create_study(sampler=sampler, pruner=TargetPruner(HORIZON))
    study.optimize(train, n_trials=25)
    assert all(not t.constraints for t in study.trials)
    return study


@pytest.mark.parametrize("seed", [0, 1])
def test_with_nothing_but_reports_the_search_shrinks(seed: int) -> None:
    study = searched(make(seed))
    assert any(t.state == TrialState.PRUNED for t in study.trials)
    assert smallest_met(study) < smallest_met(searched(optuna.samplers.RandomSampler(seed=seed)))


@pytest.mark.parametrize("seed", [0, 1])
def test_so_it_does_with_sizes_learned(seed: int) -> None:
    study = searched(SmallestFeasibleSampler(horizon=HORIZON, seed=seed))
    first = next(t for t in study.trials if min(t.intermediate_values.values()) <= 0)
    assert first.value is not None
    assert smallest_met(study) < first.value


def test_a_complete_trial_whose_reports_miss_the_target_has_not_met_it() -> None:
    study = optuna.create_study(sampler=make(), pruner=optuna.pruners.NopPruner())
    study.optimize(train, n_trials=8)
    seen = read(study.trials, Encoding({}, {}), HORIZON, size_of)
    best = [min(t.intermediate_values.values()) for t in study.trials]
    assert seen.met.tolist() == [value <= 0 for value in best]
    assert 0 < seen.met.sum() < len(best)
    missed = seen.shortfall[~seen.met]
    assert missed.tolist() == pytest.approx([value for value in best if value > 0])


def test_a_stopped_trial_without_a_constraint_counts_as_what_its_curve_projects_to() -> None:
    with_constraint, without = (
        optuna.create_trial(
            state=TrialState.PRUNED,
            intermediate_values={1: 0.5, 2: 0.4, 3: 0.35},
            constraints=constraints,
        )
        for constraints in ({"shortfall": 0.35}, None)
    )
    one, other = (read([t], Encoding({}, {}), 10, None) for t in (with_constraint, without))
    assert one.shortfall == other.shortfall < 0.35
    assert one.spread == other.spread > 0.01


OUR_SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "ours": lambda: SmallestFeasibleSampler(size_of, HORIZON, 0),
    "ours, sizes learned": lambda: SmallestFeasibleSampler(seed=0),
}
OPTUNAS_SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "RandomSampler": lambda: optuna.samplers.RandomSampler(seed=0),
    "TPESampler": lambda: optuna.samplers.TPESampler(seed=0, n_startup_trials=3),
    "GPSampler": lambda: optuna.samplers.GPSampler(seed=0, n_startup_trials=3),
    "CmaEsSampler": lambda: optuna.samplers.CmaEsSampler(seed=0, n_startup_trials=3),
    "NSGAIISampler": lambda: optuna.samplers.NSGAIISampler(seed=0, population_size=4),
    "NSGAIIISampler": lambda: optuna.samplers.NSGAIIISampler(seed=0, population_size=4),
    "QMCSampler": lambda: optuna.samplers.QMCSampler(seed=0),
    "BruteForceSampler": lambda: optuna.samplers.BruteForceSampler(seed=0),
    "GridSampler": lambda: optuna.samplers.GridSampler(
        {
            "depth": [1, 2],
            **{f"units_{i}": [8, 64] for i in range(2)},
            "rate": [0.01, 0.02],
            "norm": [True],
        },
        seed=0,
    ),
    "PartialFixedSampler": lambda: optuna.samplers.PartialFixedSampler(
        {"norm": True}, SmallestFeasibleSampler(size_of, HORIZON, 0)
    ),
}
PRUNERS: dict[str, Callable[[], BasePruner]] = {
    "ours": lambda: TargetPruner(HORIZON),
    "NopPruner": optuna.pruners.NopPruner,
    "MedianPruner": lambda: optuna.pruners.MedianPruner(n_startup_trials=2),
    "PercentilePruner": lambda: optuna.pruners.PercentilePruner(25.0, n_startup_trials=2),
    "SuccessiveHalvingPruner": optuna.pruners.SuccessiveHalvingPruner,
    "HyperbandPruner": lambda: optuna.pruners.HyperbandPruner(max_resource=HORIZON),
    "ThresholdPruner": lambda: optuna.pruners.ThresholdPruner(upper=0.4),
    "PatientPruner": lambda: optuna.pruners.PatientPruner(TargetPruner(HORIZON), patience=2),
    "WilcoxonPruner": lambda: optuna.pruners.WilcoxonPruner(p_threshold=0.1),
}


def test_every_sampler_and_pruner_of_optuna_is_in_the_tables_above() -> None:
    abstract = {"BaseSampler", "BaseGASampler", "nsgaii", "BasePruner"}
    assert set(optuna.samplers.__all__) - abstract == set(OPTUNAS_SAMPLERS)
    assert set(optuna.pruners.__all__) - abstract == set(PRUNERS) - {"ours"}


def run(sampler: Callable[[], BaseSampler], pruner: Callable[[], BasePruner]) -> None:
    """A study with both, of which every trial ends in order."""
    with warnings.catch_warnings():
        # Some samplers and pruners of Optuna's are experimental, or say what they leave out.
        warnings.simplefilter("ignore")
        try:
            study = optuna.create_study(sampler=sampler(), pruner=pruner())
            study.optimize(train_listed, n_trials=12)
        except ImportError as error:
            pytest.skip(f"needs a package that is not installed: {error}")
    assert len(study.trials) == 12
    assert {t.state for t in study.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert any(t.state == TrialState.COMPLETE for t in study.trials)


def train_listed(trial: optuna.Trial) -> float:
    """The same in a space of few configurations, which `BruteForceSampler` can list."""
    params: dict[str, Any] = {"depth": trial.suggest_int("depth", 1, 2)}
    for i in range(params["depth"]):
        params[f"units_{i}"] = trial.suggest_int(f"units_{i}", 8, 64, step=8)
    params["rate"] = trial.suggest_float("rate", 0.01, 0.02, step=0.01)
    params["norm"] = trial.suggest_categorical("norm", [True, False])
    return train_with(trial, params)


@pytest.mark.parametrize("pruner", list(PRUNERS))
@pytest.mark.parametrize("sampler", list(OUR_SAMPLERS))
def test_our_sampler_with_every_pruner(sampler: str, pruner: str) -> None:
    run(OUR_SAMPLERS[sampler], PRUNERS[pruner])


@pytest.mark.parametrize("sampler", list(OPTUNAS_SAMPLERS))
def test_our_pruner_with_every_sampler(sampler: str) -> None:
    run(OPTUNAS_SAMPLERS[sampler], PRUNERS["ours"])
