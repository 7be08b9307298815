"""What many workers at once find after the same number of epochs that one has.

Run: python tests/benchmarks/search/parallel.py --data FOLDER [--workers 1 16] [--seeds 2 3]
FOLDER holds lcbench/model.onnx and lcbench/tasks.json, as `compare.py` says.

Workers take turns, an epoch each, and each that has ended a training asks for the next one at once,
while all the others run: what the sampler knows then is what it knows in a real search. A training
that is no longer smaller than what met the target is stopped, as the tool does it. Prints, for the
same epochs of all workers together, mean log2(size found / smallest there is), and sizes relative
to those of the first number of workers in the same searches: geometric mean, and the middle one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from compare import problems, score

from tuner.pruners.target import TargetPruner
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

MARKS = (260, 520, 780, 1040)
"""Epochs after which sizes are compared; the last is what a search has."""

MOST_TURNED_AWAY = 20
"""So many proposals in a row that are not smaller than what met the target end a search."""

PRUNED = optuna.trial.TrialState.PRUNED


@dataclass
class Running:
    """A training under way."""

    trial: optuna.Trial
    size: int
    shortfall: np.ndarray
    """After each epoch, [horizon]."""
    epoch: int = 0
    best: float = float("inf")


class Job(NamedTuple):
    """One search to make."""

    folder: str
    problem: str
    workers: int
    seed: int


def search(job: Job) -> dict[str, Any]:
    """One search: what it found, and after how many epochs of all workers."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    problem = problems("lcbench", job.folder)[job.problem]
    study = optuna.create_study(
        sampler=SmallestFeasibleSampler(problem.size, problem.horizon, job.seed),
        pruner=TargetPruner(problem.horizon, audit=0.0),
    )
    used, best, trials, away = 0, problem.largest + 1, 0, 0
    found: list[tuple[int, int]] = []
    workers: list[Running | None] = [None] * job.workers
    while used < MARKS[-1] and away < MOST_TURNED_AWAY:
        for i, running in enumerate(workers):
            if running is None:
                trial = study.ask(problem.space)
                trials += 1
                curve = problem.shortfall(trial.params)
                running = workers[i] = Running(trial, problem.size(trial.params), curve)
            if running.size >= best:
                away += running.epoch == 0
                running.trial.set_constraint("shortfall", max(running.best, 1e-6))
                study.tell(running.trial, state=PRUNED)
                workers[i] = None
                continue
            away = 0
            value = float(running.shortfall[running.epoch])
            running.epoch += 1
            running.best = min(running.best, value)
            used += 1
            running.trial.report(value, running.epoch)
            met = running.best <= 0
            stopped = not met and running.trial.should_prune()
            if not (met or stopped or running.epoch == problem.horizon):
                continue
            running.trial.set_constraint("shortfall", running.best)
            if stopped:
                study.tell(running.trial, state=PRUNED)
            else:
                study.tell(running.trial, running.size)
            if met and used <= MARKS[-1]:
                best = running.size
                found.append((used, best))
            workers[i] = None
    scores = [score(found, problem.smallest, mark) for mark in MARKS]
    return {**job._asdict(), "scores": scores, "trials": trials}


def main() -> None:
    """Search what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("TUNER_BENCHMARKS"))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path("tuner-results/parallel.jsonl"))
    args = parser.parse_args()
    if args.data is None:
        parser.error("give --data FOLDER or set TUNER_BENCHMARKS")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(x) for x in args.out.read_text().splitlines()] if args.out.exists() else []
    done = {(r["problem"], r["workers"], r["seed"]) for r in rows}
    jobs = [
        Job(str(args.data), name, workers, seed)
        for seed in args.seeds
        for name in problems("lcbench", str(args.data))
        for workers in args.workers
        if (name, workers, seed) not in done
    ]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices lose with threads
    context = multiprocessing.get_context("spawn")  # so that they read that before NumPy
    with context.Pool(args.jobs) as pool, args.out.open("a") as stream:
        for row in pool.imap_unordered(search, jobs):
            rows.append(row)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            print(len(rows), row["problem"], row["workers"], row["scores"], file=sys.stderr)
    show([r for r in rows if r["workers"] in args.workers and r["seed"] in args.seeds])


def show(rows: list[dict[str, Any]]) -> None:
    """The table: a row for each number of workers."""
    print("| workers | searches | trials | " + " | ".join(map(str, MARKS)) + " | beside one |")
    print("|---" * (len(MARKS) + 4) + "|")
    by_search: dict[int, dict[tuple[str, int], list[float]]] = {}
    for r in rows:
        by_search.setdefault(r["workers"], {})[r["problem"], r["seed"]] = r["scores"]
    first = by_search[min(by_search)]
    for workers, found in sorted(by_search.items()):
        scores = np.array(list(found.values()))
        off = np.array([np.array(found[key]) - first[key] for key in found if key in first])
        trials = np.mean([r["trials"] for r in rows if r["workers"] == workers])
        beside = ", ".join(
            f"{2**mean:.2f} ({2**middle:.2f})"
            for mean, middle in zip(off.mean(axis=0), np.median(off, axis=0), strict=True)
        )
        cells = [str(workers), str(len(found)), f"{trials:.0f}"]
        cells += [f"{mean:.2f}" for mean in scores.mean(axis=0)]
        print("| " + " | ".join([*cells, beside]) + " |")


if __name__ == "__main__":
    main()
