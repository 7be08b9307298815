"""What a proposal of the sampler takes with 1,000 ended trials and 64 running.

Run: OMP_NUM_THREADS=1 python tests/benchmarks/cluster/proposals.py [--trials 1000] [--running 64]
Prints a Markdown row: processor seconds, since other programs may use the machine as well, and how
different the proposals of workers are that all ask before any of them has ended.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import warnings

import numpy as np
import optuna
from history import SPACE, draw, fill, size_of

from tuner.samplers import SmallestFeasibleSampler
from tuner.samplers.smallest_feasible.encoding import Encoding

HORIZON = 25
NOISE = 0.006
"""Of an accuracy on 5,000 images near the target."""


def main() -> None:
    """Prints the table."""

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000)
    parser.add_argument("--running", type=int, default=64)
    parser.add_argument("--proposals", type=int, default=9)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print("| sampler | median CPU s | slowest | distinct | distance to the nearest, median |")
    print("|---|---|---|---|---|")
    for noise, name in ((0.0, "nothing doubted"), (NOISE, "what met the target is doubted")):
        study = optuna.create_study()
        fill(study, asked.trials, HORIZON, reach=True)
        rng = random.Random(1)
        for _ in range(asked.running):
            study.enqueue_trial(draw(rng))
            trial = study.ask(SPACE)
            for step in range(1, 4):
                trial.report(0.3 / step, step)
        took, made = [], []
        for index in range(asked.proposals):
            sampler = SmallestFeasibleSampler(
                size_of, HORIZON, seed=7_919 * index, search_space=SPACE, noise=noise, prove="model"
            )
            study.sampler = sampler
            before = time.process_time()
            sampler.outlook(study, 10)
            made.append(study.ask(SPACE))
            took.append(time.process_time() - before)
        points = np.array([Encoding(SPACE, {}).encode(t.params) for t in made])
        apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))
        np.fill_diagonal(apart, np.inf)
        distinct = len({tuple(sorted(t.params.items())) for t in made})
        cells = (
            name,
            f"{statistics.median(took):.2f}",
            f"{max(took):.2f}",
            f"{distinct} of {len(made)}",
            f"{np.median(apart.min(axis=1)):.2f}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
