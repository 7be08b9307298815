"""Studies in which the sampler and the pruner would do the opposite of what is wanted."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import optuna
import pytest
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler

from tuner.curves.forecasts import RisingReportsWarning
from tuner.pruners import TargetPruner
from tuner.samplers import SmallestFeasibleSampler

HORIZON = 20
Parts = tuple[BaseSampler, BasePruner]
OURS: dict[str, Callable[[], Parts]] = {
    "sampler": lambda: (SmallestFeasibleSampler(horizon=HORIZON, seed=0), NopPruner()),
    "pruner": lambda: (RandomSampler(seed=0), TargetPruner(HORIZON, audit=0.0)),
}


def study_of(kind: str, direction: str = "minimize") -> optuna.Study:
    sampler, pruner = OURS[kind]()
    return optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)


def reporting(value: Callable[[int, int], float]) -> Callable[[optuna.Trial], float]:
    """An objective that reports ``value(trial, epoch)``."""

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 1.0, 2.0)
        for epoch in range(1, HORIZON + 1):
            trial.report(value(trial.number, epoch), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x

    return objective


def accuracy(trial: int, epoch: int) -> float:
    return 0.9 - 0.01 * trial - 0.6 / epoch


@pytest.mark.parametrize("kind", OURS)
def test_a_study_that_maximises_is_refused(kind: str) -> None:
    study = study_of(kind, "maximize")
    with pytest.raises(ValueError, match=r"minimises.*direction is 'maximize'"):
        study.optimize(reporting(accuracy), n_trials=1)


@pytest.mark.parametrize("kind", OURS)
def test_accuracies_in_the_place_of_shortfalls_are_warned_of(kind: str) -> None:
    with pytest.warns(RisingReportsWarning, match="report target - accuracy"):
        study_of(kind).optimize(reporting(accuracy), n_trials=6)


@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize(
    "value",
    [
        lambda trial, epoch: 0.7 - accuracy(trial, epoch),
        lambda trial, epoch: 0.95 - accuracy(trial, epoch),
        lambda trial, epoch: 0.6,
        lambda trial, epoch: 0.4 - 0.005 * epoch if trial else 0.3 + 0.02 * epoch,
        lambda trial, epoch: 0.3 + 0.02 * epoch if trial else 0.4 - 0.005 * epoch,
        lambda trial, epoch: 0.3 + (0.3 if epoch > 4 else -0.01 * epoch),
    ],
    ids=[
        "met",
        "missed",
        "stands still",
        "the first gets worse",
        "the others get worse",
        "all get worse in the end",
    ],
)
def test_shortfalls_are_not(kind: str, value: Callable[[int, int], float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RisingReportsWarning)
        study_of(kind).optimize(reporting(value), n_trials=6)
