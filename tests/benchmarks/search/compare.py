"""Compares searches on learning curves: one table, a plot, and the pruner's reliability.

Run: python tests/benchmarks/search/compare.py q4 [--seeds 2 3 4 5 6] [--out FOLDER]
     python tests/benchmarks/search/compare.py lcbench --data FOLDER
FOLDER holds lcbench/model.onnx and lcbench/tasks.json; default the variable TUNER_BENCHMARKS; it
needs onnxruntime. Methods whose package is missing are left out, and the output says so. Results
are kept in `--out`, and what is there is not searched again.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import importlib.util
import itertools
import json
import math
import multiprocessing
import os
import platform
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from methods import METHODS
from problems import Meter, Problem, lcbench, recorded

MARKS = {"lcbench": (130, 260, 520, 650, 1040, 2600), "q4": (48, 96, 192, 384, 768)}
"""Epochs after which scores are shown; the last is the budget of a search."""
SURE = {"lcbench": 1040, "q4": 384}
"""Epochs after which it is asked whether anything was found."""
NOTHING_FOUND = 10.0
NEAR = math.log2(1.1)


def score(found: list[tuple[int, int]], smallest: int | float, epochs: int) -> float:
    """log2(smallest found / smallest there is) after so many epochs; 10 while there is none."""
    sizes = [size for used, size in found if used <= epochs]
    return math.log2(min(sizes) / smallest) if sizes else NOTHING_FOUND


class Result(NamedTuple):
    """What one search came to; a row of results.jsonl."""

    method: str
    problem: str
    seed: int
    budget: int
    smallest: float
    found: list[tuple[int, int]]
    trials: int
    stopped: int
    wrongly: int
    good: int
    seconds: float
    foretold: list[tuple[float, bool]]

    def score(self, epochs: int) -> float:
        """As `score` has it, after so many epochs."""
        return score(self.found, self.smallest, epochs)

    @property
    def near(self) -> int:
        """Epochs until within 10 % of the smallest there is; all and one more if never."""
        return next(
            (e for e, size in self.found if math.log2(size / self.smallest) <= NEAR),
            self.budget + 1,
        )


@functools.cache
def problems(work: str, folder: str) -> dict[str, Problem]:
    """Problems by name."""
    made = lcbench(Path(folder) / "lcbench") if work == "lcbench" else recorded()
    return {problem.name: problem for problem in made}


def search(job: tuple[str, str, str, str, int, int]) -> Result:
    """One search, in a process of its own that others have used before."""
    work, folder, method, name, seed, budget = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    problem = problems(work, folder)[name]
    meter = Meter(problem, budget)
    begin = time.perf_counter()
    foretold = METHODS[method].run(problem, meter, seed)
    return Result(
        method, name, seed, budget, problem.smallest, meter.found, meter.trials, meter.stopped,
        meter.wrongly, meter.good, time.perf_counter() - begin, foretold,
    )  # fmt: skip


def main() -> None:
    """Search, or read an earlier run's results; print the table, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", choices=MARKS)
    parser.add_argument("--data", default=os.environ.get("TUNER_BENCHMARKS"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4, 5, 6])
    parser.add_argument("--budget", type=int, help="epochs of one search")
    parser.add_argument(
        "--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD",
        help=f"any of: {'; '.join(METHODS)}",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path("tuner-results/benchmarks"))
    parser.add_argument("--draw", action="store_true", help="search nothing, read what is there")
    args = parser.parse_args()
    if args.work == "lcbench" and args.data is None:
        parser.error("give --data FOLDER or set TUNER_BENCHMARKS")
    args.budget = args.budget or MARKS[args.work][-1]
    args.out.mkdir(parents=True, exist_ok=True)
    file = args.out / f"{args.work}.jsonl"
    if not args.draw:
        _search_all(args, file)
    results = [_read(line) for line in file.read_text().splitlines()]
    marks = [mark for mark in MARKS[args.work] if mark <= args.budget]
    print(f"\nPython {platform.python_version()}, {_versions()}\n")
    chosen = [r for r in results if r.method in args.methods and r.seed in args.seeds]
    _print_table(chosen, marks, min(SURE[args.work], marks[-1]))
    from pictures import draw_reliability, draw_scores

    draw_scores(results, args.budget, args.out / f"{args.work}-scores.png")
    draw_reliability(results, args.out / f"{args.work}-reliability.png")


def _search_all(args: argparse.Namespace, file: Path) -> None:
    """Those that the file does not have yet; each is written as it ends."""
    done = set()
    if file.exists():
        earlier = [_read(line) for line in file.read_text().splitlines()]
        done = {(r.method, r.problem, r.seed, r.budget) for r in earlier}
    work, folder, budget = args.work, str(args.data), args.budget
    names = list(problems(work, folder))
    todo = []
    for method, name, seed in itertools.product(args.methods, names, args.seeds):
        if importlib.util.find_spec(METHODS[method].needs) is None:
            print(f"{method}: left out, {METHODS[method].needs} is not installed")
        elif (method, name, seed, budget) not in done:
            todo.append((work, folder, method, name, seed, budget))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices lose with threads
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    context = multiprocessing.get_context("spawn")  # so that they read that before NumPy
    with context.Pool(args.jobs) as pool, file.open("a") as stream:
        for count, result in enumerate(pool.imap_unordered(search, todo), 1):
            stream.write(json.dumps(result) + "\n")
            stream.flush()
            print(f"{count}/{len(todo)} {result.method} {result.problem}", file=sys.stderr)


def _read(line: str) -> Result:
    return Result(*json.loads(line))


def _versions() -> str:
    names = ["optuna", "numpy", "torch", "keras-tuner", "scikit-learn", "smac", "ray"]
    found = []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def _print_table(results: list[Result], marks: list[int], sure: int) -> None:
    heads = [
        *(f"{mark}" for mark in marks), "found", "near", "trials", "stopped", "false stops",
        "of the good, stopped", "s / search",
    ]  # fmt: skip
    print("| method | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    for method in dict.fromkeys(r.method for r in results):
        runs = [r for r in results if r.method == method]
        print(f"| {method} | " + " | ".join(_row(runs, marks, sure)) + " |")


def _row(runs: list[Result], marks: list[int], sure: int) -> Iterable[str]:
    for mark in marks:
        yield f"{np.mean([run.score(mark) for run in runs]):.2f}"
    yield f"{np.mean([run.score(sure) < NOTHING_FOUND for run in runs]):.0%}"
    near, budget = float(np.median([run.near for run in runs])), max(r.budget for r in runs)
    yield f"{near:.0f}" if near <= budget else f"> {budget}"
    yield f"{np.mean([run.trials for run in runs]):.0f}"
    stopped, wrongly = sum(r.stopped for r in runs), sum(r.wrongly for r in runs)
    good = sum(r.good for r in runs)
    yield str(stopped)
    yield f"{wrongly / stopped:.1%}" if stopped else "-"
    yield f"{wrongly / good:.1%}" if stopped and good else "-"
    yield f"{np.mean([run.seconds for run in runs]):.0f}"


if __name__ == "__main__":
    main()
