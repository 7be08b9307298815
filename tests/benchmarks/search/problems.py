"""Searches on LCBench's learning curves: ours against Optuna's samplers, epochs paid alike.

The task: the smallest funnel-shaped MLP whose validation accuracy reaches, within 52 epochs, what
5 % of 20,000 random configurations reach at epoch 52. A method pays one unit for each epoch that it
trains; every method stops a training that has met the target. Score: log2(smallest size that met
the target / smallest of those 20,000 that did), 10 while there is none; the mean over tasks and
seeds, lower is better. Learning curves come from YAHPO Gym's surrogate of LCBench (Apache-2.0).

Run: python tests/benchmarks/search/lcbench.py --data FOLDER [--seeds 2 3] [--methods ours tpe]
FOLDER holds lcbench/model.onnx and lcbench/tasks.json; default the variable TUNER_BENCHMARKS.
Needs onnxruntime.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: tiny matrices lose with threads

import numpy as np
import onnxruntime
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.pruners import TargetPruner
from tuner.samplers import SmallestFeasibleSampler

HORIZON = 52
MARKS = (130, 260, 520, 1040, 2600)
NOTHING_FOUND = 10.0
REFERENCES = 20_000
SHARE_FEASIBLE = 0.05
SPACE: dict[str, BaseDistribution] = {
    "batch_size": IntDistribution(16, 512, log=True),
    "learning_rate": FloatDistribution(1e-4, 0.1, log=True),
    "momentum": FloatDistribution(0.1, 0.99),
    "weight_decay": FloatDistribution(1e-5, 0.1),
    "num_layers": IntDistribution(1, 5),
    "max_units": IntDistribution(64, 1024, log=True),
    "max_dropout": FloatDistribution(0.0, 1.0),
}


def size_of(params: dict[str, Any]) -> int:
    """Weights of the funnel-shaped MLP, biases included."""
    layers, most = int(params["num_layers"]), int(params["max_units"])
    widths = [50, *(max(10, round(most + (10 - most) * i / layers)) for i in range(layers)), 10]
    return sum((a + 1) * b for a, b in itertools.pairwise(widths))


class Curves:
    """Learning curves of one task; ``target`` in percent, ``smallest`` of the references."""

    def __init__(self, session: onnxruntime.InferenceSession, code: int) -> None:
        self._session, self._code = session, code
        rng = np.random.default_rng(12345)
        columns = [_draw(dist, rng) for dist in SPACE.values()]
        configs = np.column_stack(columns)
        accuracy = self._predict(np.full(REFERENCES, HORIZON), configs)
        self.target = float(np.quantile(accuracy, 1 - SHARE_FEASIBLE))
        feasible = configs[accuracy >= self.target]
        self.smallest = min(size_of(dict(zip(SPACE, row, strict=True))) for row in feasible)

    def shortfall(self, params: dict[str, Any]) -> np.ndarray:
        """Target - accuracy after every epoch, as a fraction, [HORIZON]."""
        config = np.array([[params[name] for name in SPACE]])
        accuracy = self._predict(np.arange(1, HORIZON + 1), np.repeat(config, HORIZON, axis=0))
        return (self.target - accuracy) / 100

    def _predict(self, epochs: np.ndarray, configs: np.ndarray) -> np.ndarray:
        inputs = {
            "x_cat": np.full((len(configs), 1), self._code, np.int32),
            "x_cont": np.column_stack([epochs, configs]).astype(np.float32),
        }
        return np.asarray(self._session.run(None, inputs)[0])[:, 1]


def _draw(dist: BaseDistribution, rng: np.random.Generator) -> np.ndarray:
    assert isinstance(dist, (IntDistribution, FloatDistribution))
    share = rng.random(REFERENCES)
    if isinstance(dist, IntDistribution) and not dist.log:
        return np.floor(dist.low + share * (dist.high - dist.low + 1))
    if not dist.log:
        return dist.low + share * (dist.high - dist.low)
    values = dist.low * (dist.high / dist.low) ** share
    return np.round(values) if isinstance(dist, IntDistribution) else values


class Run(NamedTuple):
    """What one search came to."""

    scores: list[float]
    stopped: int
    wrongly: int
    good: int
    trials: int
    seconds: float


class Method(NamedTuple):
    """A sampler, a pruner, and whether too large models are left untrained."""

    make: Callable[[int], tuple[optuna.samplers.BaseSampler, optuna.pruners.BasePruner]]
    gate: bool


def search(curves: Curves, method: Method, seed: int, budget: int) -> Run:
    """One search on one task."""
    sampler, pruner = method.make(seed)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    used, best, seconds, found = 0, math.inf, 0.0, []
    stopped = wrongly = good = 0
    while used < budget and len(study.get_trials(deepcopy=False)) < budget * 2:
        begin = time.perf_counter()
        trial = study.ask(SPACE)
        seconds += time.perf_counter() - begin
        size = size_of(trial.params)
        if method.gate and size >= best:
            trial.set_constraint("shortfall", 1.0)
            trial.set_constraint("gate", 1.0)
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            continue
        shortfall = curves.shortfall(trial.params)
        epochs, pruned = train(trial, shortfall)
        used += epochs
        good += bool(shortfall.min() <= 0)
        if pruned:
            stopped += 1
            wrongly += bool(shortfall.min() <= 0)
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            continue
        study.tell(trial, size)
        if shortfall[:epochs].min() <= 0 and size < best and used <= budget:
            best = size
            found.append((used, size))
    scores = [
        math.log2(min(sizes) / curves.smallest)
        if (sizes := [size for epoch, size in found if epoch <= mark])
        else NOTHING_FOUND
        for mark in MARKS
        if mark <= budget
    ]
    trials = len(study.get_trials(deepcopy=False))
    return Run(scores, stopped, wrongly, good, trials, seconds / trials)


def train(trial: optuna.Trial, shortfall: np.ndarray) -> tuple[int, bool]:
    """Report epoch by epoch; the epochs paid, and whether the pruner stopped it."""
    best = math.inf
    for epoch, value in enumerate(shortfall.tolist(), 1):
        trial.report(value, epoch)
        best = min(best, value)
        if best <= 0:
            break
        if trial.should_prune():
            trial.set_constraint("shortfall", best)
            return epoch, True
    trial.set_constraint("shortfall", best)
    return epoch, False


def _plain(sampler: Callable[..., optuna.samplers.BaseSampler]) -> Any:
    return lambda seed: (sampler(seed=seed), optuna.pruners.NopPruner())


METHODS: dict[str, Method] = {
    "ours": Method(
        lambda seed: (
            SmallestFeasibleSampler(size_of, HORIZON, seed),
            TargetPruner(HORIZON, audit=0.0),
        ),
        False,
    ),
    "ours-sampler-only": Method(
        _plain(lambda seed: SmallestFeasibleSampler(size_of, HORIZON, seed)), False
    ),
    "tpe": Method(_plain(optuna.samplers.TPESampler), False),
    "tpe+gate": Method(_plain(optuna.samplers.TPESampler), True),
    "tpe+gate+our-pruner": Method(
        lambda seed: (optuna.samplers.TPESampler(seed=seed), TargetPruner(HORIZON, audit=0.0)), True
    ),
    "gp": Method(_plain(optuna.samplers.GPSampler), False),
    "random": Method(_plain(optuna.samplers.RandomSampler), False),
    "random+gate": Method(_plain(optuna.samplers.RandomSampler), True),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("TUNER_BENCHMARKS"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--budget", type=int, default=1040, help="epochs of one search")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    args = parser.parse_args()
    if args.data is None:
        parser.error("give --data FOLDER or set TUNER_BENCHMARKS")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder = Path(args.data) / "lcbench"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
    codes = json.loads((folder / "tasks.json").read_text())["OpenML_task_id"]
    tasks = [Curves(session, code) for _, code in sorted(codes.items())]
    versions = f"Python {platform.python_version()}, Optuna {optuna.__version__}"
    print(f"{len(tasks)} tasks, seeds {args.seeds}, {versions}, NumPy {np.__version__}\n")
    marks = [mark for mark in MARKS if mark <= args.budget]
    heads = [f"{m} epochs" for m in marks]
    heads += ["trials", "stopped", "false stops", "of the good, stopped", "s / proposal"]
    print("| method | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    for name in args.methods:
        if name == "gp" and importlib.util.find_spec("torch") is None:
            print("| gp | skipped: GPSampler needs PyTorch |")
            continue
        runs = [search(c, METHODS[name], s, args.budget) for c in tasks for s in args.seeds]
        print(f"| {name} | " + " | ".join(_summary(runs)) + " |", flush=True)


def _summary(runs: list[Run]) -> list[str]:
    scores = [f"{score:.2f}" for score in np.mean([run.scores for run in runs], axis=0)]
    stopped, wrongly = sum(r.stopped for r in runs), sum(r.wrongly for r in runs)
    good = sum(r.good for r in runs)
    return [
        *scores,
        f"{np.mean([r.trials for r in runs]):.0f}",
        str(stopped),
        f"{wrongly / stopped:.1%}" if stopped else "-",
        f"{wrongly / good:.1%}" if stopped and good else "-",
        f"{np.mean([r.seconds for r in runs]):.3f}",
    ]


if __name__ == "__main__":
    main()
