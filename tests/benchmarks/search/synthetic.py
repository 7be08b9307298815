"""A search as a user has it: 20 mixed, conditional parameters, 40 trainings, a large reference.

Simulated image classifiers: accuracy saturates in log size, bad learning rates and regularisation
cost points, separable convolutions are worth three times their size, seeds add 0.5 points of noise,
and a decaying learning rate lifts the last third of each 25-epoch curve. The reference comes
first and meets the target. Run: python tests/benchmarks/search/synthetic.py [--seeds N]
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.pruners.target import TargetPruner
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

HORIZON = 25
TARGET = 0.70
DEPTHS = 4

SPACE: dict[str, BaseDistribution] = {
    "depth": IntDistribution(1, DEPTHS),
    **{f"units_{i}": IntDistribution(4, 128, log=True) for i in range(DEPTHS)},
    "kernel": CategoricalDistribution([3, 5]),
    "separable": CategoricalDistribution([False, True]),
    "norm": CategoricalDistribution([True, False]),
    "pool": CategoricalDistribution(["max", "average"]),
    "learning_rate": FloatDistribution(1e-4, 1e-1, log=True),
    "optimizer": CategoricalDistribution(["adam", "sgd", "rmsprop"]),
    "schedule": CategoricalDistribution(["cosine", "linear", "constant"]),
    "weight_decay": FloatDistribution(1e-6, 1e-2, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "label_smoothing": FloatDistribution(0.0, 0.2),
    "batch_size": CategoricalDistribution([32, 64, 128, 256]),
    "flip": CategoricalDistribution([True, False]),
    "crop": IntDistribution(0, 4),
    "mixup": FloatDistribution(0.0, 0.4),
    "warmup": IntDistribution(0, 5),
}
CENTER: dict[str, Any] = {
    "depth": 3,
    **dict.fromkeys((f"units_{i}" for i in range(DEPTHS)), 64),
    **{"kernel": 3, "separable": False, "norm": True, "pool": "max"},
    **{"learning_rate": 1e-3, "optimizer": "adam", "schedule": "cosine", "weight_decay": 1e-4},
    **{"dropout": 0.1, "label_smoothing": 0.0, "batch_size": 128, "flip": True, "crop": 4},
    **{"mixup": 0.0, "warmup": 0},
}


def size_of(params: dict[str, Any]) -> int:
    """Weights of the simulated network."""
    widths = [3] + [params[f"units_{i}"] for i in range(params["depth"])]
    kernel = params["kernel"] ** 2
    total = 0
    for i, (before, after) in enumerate(itertools.pairwise(widths)):
        separable = params["separable"] and i > 0
        total += kernel * before + before * after if separable else kernel * before * after
        total += 2 * after if params["norm"] else after
    return total + (widths[-1] + 1) * 10


def final_accuracy(params: dict[str, Any], rng: np.random.Generator) -> float:
    """Accuracy after the horizon."""
    widths = [params[f"units_{i}"] for i in range(params["depth"])]
    worth = math.log(
        size_of(params) * (3.0 if params["separable"] else 1.0) / params["kernel"] ** 2
    )
    worth -= 0.15 * float(np.std(np.log(widths))) + 0.25 * abs(params["depth"] - 3)
    best_rate = {"adam": -2.3, "sgd": -1.2, "rmsprop": -2.8}[params["optimizer"]]
    accuracy = 0.86 - 0.42 * math.exp(-0.34 * (worth - 3.0))
    accuracy -= 0.035 * (math.log10(params["learning_rate"]) - best_rate) ** 2
    accuracy -= 0.01 * max(math.log10(params["weight_decay"]) + 3.5, 0.0) ** 2
    accuracy -= 0.12 * params["dropout"] + 0.1 * abs(params["label_smoothing"] - 0.05)
    accuracy -= {"cosine": 0.0, "linear": 0.003, "constant": 0.025}[params["schedule"]]
    accuracy -= 0.05 * (not params["norm"]) + 0.012 * (not params["flip"])
    accuracy -= 0.004 * (4 - params["crop"]) + 0.08 * params["mixup"]
    accuracy -= 0.006 * abs(math.log2(params["batch_size"] / 64))
    return accuracy + 0.005 * float(rng.standard_normal())


def learning_curve(params: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Validation accuracy after each epoch, [HORIZON]."""
    epochs = np.arange(1, HORIZON + 1)
    final = final_accuracy(params, rng)
    if params["learning_rate"] > 0.05 and not params["norm"]:
        return np.full(HORIZON, 0.1)
    rate = {
        "cosine": 0.5 * (1 + np.cos(np.pi * epochs / HORIZON)),
        "linear": 1 - epochs / HORIZON,
        "constant": np.ones(HORIZON),
    }[params["schedule"]]
    rise = 0.5 * max(final - 0.1, 0.0) * epochs ** -rng.uniform(0.5, 0.9)
    lift = 0.03 * rate if params["schedule"] != "constant" else 0.0
    noise = rng.standard_normal(HORIZON) * (0.002 + 0.012 * rate)
    return np.maximum(final - rise - lift + noise, 0.1)


def active(params: dict[str, Any]) -> list[str]:
    """The parameters in use, in the order in which they are asked for."""
    return [n for n in SPACE if not n.startswith("units_") or int(n[6:]) < params["depth"]]


def search(
    sampler: optuna.samplers.BaseSampler,
    pruner: optuna.pruners.BasePruner,
    trials: int,
    seed: int,
    gate: bool = True,
    reference: bool = True,
) -> list[tuple[int, int, float]]:
    """One study: (trials, epochs, size of the incumbent / reference) after each training."""
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    if reference:
        study.enqueue_trial({name: CENTER[name] for name in active(CENTER)})
    incumbent, epochs, steps = math.inf, 0, []
    while len(steps) < trials:
        trial = study.ask()
        params: dict[str, Any] = {}
        for name, dist in SPACE.items():
            if not name.startswith("units_") or int(name[6:]) < params["depth"]:
                params[name] = trial._suggest(name, dist)
        size = size_of(params)
        if gate and size >= incumbent:
            trial.set_constraint("shortfall", 1.0)
            trial.set_constraint("gate", 1.0)
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            if trial.number > 50 * trials:
                break
            continue
        used, state = _train(
            trial, TARGET - learning_curve(params, np.random.default_rng([seed, trial.number]))
        )
        epochs += used
        if state == "reached":
            incumbent = min(incumbent, size)
        if state == "pruned":
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, size)
        steps.append((len(steps) + 1, epochs, incumbent / size_of(CENTER)))
    return steps


def _train(trial: optuna.Trial, shortfall: np.ndarray) -> tuple[int, str]:
    best = math.inf
    for epoch, value in enumerate(shortfall, 1):
        trial.report(float(value), epoch)
        best = min(best, float(value))
        if best <= 0 or trial.should_prune():
            trial.set_constraint("shortfall", best)
            return epoch, "reached" if best <= 0 else "pruned"
    trial.set_constraint("shortfall", best)
    return HORIZON, "missed"


Method = Callable[[int], tuple[optuna.samplers.BaseSampler, optuna.pruners.BasePruner]]


def _ours(**more: Any) -> Method:
    def make(seed: int) -> tuple[optuna.samplers.BaseSampler, optuna.pruners.BasePruner]:
        return SmallestFeasibleSampler(size_of, HORIZON, seed, **more), TargetPruner(
            HORIZON, audit=0.0
        )

    return make


METHODS: dict[str, Method] = {
    "ours, space and center given": _ours(search_space=SPACE, center=CENTER),
    "ours, space given": _ours(search_space=SPACE),
    "ours": _ours(),
    "TPE + gate": lambda s: (optuna.samplers.TPESampler(seed=s), optuna.pruners.NopPruner()),
    "random + gate": lambda s: (optuna.samplers.RandomSampler(seed=s), optuna.pruners.NopPruner()),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--no-reference", action="store_true", help="do not begin with it")
    parser.add_argument("--trials", type=int, default=40)
    seeds, trials = (args := parser.parse_args()).seeds, args.trials
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    marks = [m for m in (10, 20, 30, 40, 50) if m <= trials]
    print("| method | " + " | ".join(f"{m} trials" for m in marks) + " | epochs |")
    print("|---|" + "---|" * (len(marks) + 1))
    for name, make in METHODS.items():
        runs = [
            search(*make(seed), trials, seed, reference=not args.no_reference)
            for seed in range(seeds)
        ]
        shrunk = [
            float(np.exp(np.mean([-math.log(run[min(m, len(run)) - 1][2]) for run in runs])))
            for m in marks
        ]
        epochs = np.mean([run[-1][1] for run in runs])
        print(
            f"| {name} | " + " | ".join(f"{x:.1f}" for x in shrunk) + f" | {epochs:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
