"""What a warm start is worth, and what one with misleading trials costs, on LCBench's tasks.

Run: python tests/benchmarks/search/transfer.py --data FOLDER [--seeds 0 1 2]
FOLDER as for `compare.py lcbench`. Each of the ten tasks is searched beginning with the trials of a
search of another task, drawn by seed, as they were and changed: the shortfalls of all raised or
lowered, as where the other task was harder or easier, or dealt out anew among the configurations.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import multiprocessing
import os
import random
import statistics
import warnings

import optuna
from compare import problems, score
from methods import search_study
from optuna.trial import FrozenTrial, TrialState
from problems import Meter, Problem

from tuner.pruners.target import TargetPruner
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler
from tuner.storages.warm_start import moved

BUDGET = 520
MARKS = (60, 130, 260, 520)
STARTS: dict[str, tuple[float, bool] | None] = {
    "none": None,
    "another task's trials": (0.0, False),
    "the same, 20 points easier": (-0.2, False),
    "5 points easier": (-0.05, False),
    "5 points harder": (0.05, False),
    "20 points harder": (0.2, False),
    "outcomes dealt out anew": (0.0, True),
}
"""How each search begins: by how much shortfalls are raised, and whether they are shuffled."""


@functools.cache
def searched(folder: str, name: str, seed: int) -> tuple[FrozenTrial, ...]:
    """The trials of a search of a task that begins with nothing."""
    study, _ = run(problems("lcbench", folder)[name], seed, ())
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    return tuple(t for t in study.get_trials(deepcopy=False) if t.state in ended)


def run(
    problem: Problem, seed: int, prior: tuple[FrozenTrial, ...]
) -> tuple[optuna.Study, list[tuple[int, int]]]:
    """One search; its study, and after how many epochs it had found which sizes."""
    study = optuna.create_study(
        sampler=SmallestFeasibleSampler(problem.size, problem.horizon, seed, prior=prior),
        pruner=TargetPruner(problem.horizon, seed=seed),
    )
    meter = Meter(problem, BUDGET)
    search_study(problem, meter, study)
    return study, meter.found


def changed(
    trials: tuple[FrozenTrial, ...], by: float, shuffled: bool, seed: int
) -> tuple[FrozenTrial, ...]:
    """Trials with shortfalls raised by so much, or with one another's parameters."""
    copies = [moved(t, by) for t in trials]
    params = [t.params for t in trials]
    if shuffled:
        random.Random(seed).shuffle(params)
    for trial, of_another in zip(copies, params, strict=True):
        trial.params = of_another
    return tuple(copies)


def search(job: tuple[str, str, str, int]) -> tuple[str, list[float], int]:
    """One search: how it began, its scores, and the epochs until something met the target."""
    folder, start, name, seed = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    tasks = problems("lcbench", folder)
    prior: tuple[FrozenTrial, ...] = ()
    if (how := STARTS[start]) is not None:
        other = random.Random(f"{name} {seed}").choice([n for n in tasks if n != name])
        prior = changed(searched(folder, other, 1000 + seed), *how, seed)
    found = run(tasks[name], seed, prior)[1]
    scores = [score(found, tasks[name].smallest, mark) for mark in MARKS]
    return start, scores, found[0][0] if found else BUDGET + 1


def main() -> None:
    """Prints a row for each way to begin."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("TUNER_BENCHMARKS"))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(12)))
    args = parser.parse_args()
    if args.data is None:
        parser.error("give --data FOLDER or set TUNER_BENCHMARKS")
    print("| begins with |", " | ".join(map(str, MARKS)), "| first | found |", flush=True)
    tasks = problems("lcbench", args.data)
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for start in STARTS:
            todo = itertools.product([args.data], [start], tasks, args.seeds)
            rows = pool.map(search, list(todo), chunksize=1)
            means = [statistics.mean(column) for column in zip(*(r[1] for r in rows), strict=True)]
            firsts = [r[2] for r in rows]
            cells = [*(f"{m:.2f}" for m in means), f"{statistics.median(firsts):.0f}"]
            cells.append(f"{sum(f <= BUDGET for f in firsts) / len(firsts):.0%}")
            print("|", " | ".join([start, *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
