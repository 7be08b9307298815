"""A search without training: how accurate a small dense network is, in closed form."""

from __future__ import annotations

import itertools
import math
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

SPACE: dict[str, BaseDistribution] = {
    "depth": IntDistribution(1, 3),
    **{f"units_{i}": IntDistribution(4, 128, log=True) for i in range(3)},
    "rate": FloatDistribution(1e-4, 1e-1, log=True),
    "norm": CategoricalDistribution([True, False]),
}
CENTER = {"depth": 2, "units_0": 64, "units_1": 64, "units_2": 64, "rate": 1e-3, "norm": True}


def size_of(params: dict[str, Any]) -> int:
    """Weights of a small dense network."""
    widths = [16] + [params[f"units_{i}"] for i in range(params["depth"])] + [10]
    return sum((a + 1) * b for a, b in itertools.pairwise(widths))


def shortfall_of(params: dict[str, Any]) -> float:
    """Accuracy grows with log size; a bad learning rate and no norm cost some of it."""
    accuracy = 0.45 + 0.05 * math.log(size_of(params) / 100)
    accuracy -= 0.05 * abs(math.log10(params["rate"]) + 2) + 0.03 * (not params["norm"])
    return 0.6 - accuracy


def ask(trial: optuna.Trial) -> dict[str, Any]:
    """Ask for what is in use only, as a define-by-run space does."""
    params: dict[str, Any] = {"depth": trial.suggest_int("depth", 1, 3)}
    for i in range(params["depth"]):
        params[f"units_{i}"] = trial.suggest_int(f"units_{i}", 4, 128, log=True)
    params["rate"] = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    params["norm"] = trial.suggest_categorical("norm", [True, False])
    return params


def objective(trial: optuna.Trial) -> float:
    params = ask(trial)
    trial.set_constraint("shortfall", shortfall_of(params))
    return size_of(params)


def make(seed: int = 0, **more: Any) -> SmallestFeasibleSampler:
    return SmallestFeasibleSampler(size_of, 10, seed, **{"search_space": SPACE, **more})


def smallest(study: optuna.Study) -> float:
    return min((t.value for t in met(study) if t.value is not None), default=math.inf)


def met(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    trials = study.get_trials(states=(TrialState.COMPLETE,))
    return [t for t in trials if t.constraints["shortfall"] <= 0]


def history(study: optuna.Study) -> list[dict[str, Any]]:
    return [t.params for t in study.trials]
