"""The stand-in for q10 with looks as the tool takes them: when is a model to be looked at?

`standin.py` tells a search the truth of whatever it asks for. Here a look is what it is in the
tool: one measurement on test images, at the level that the study's budget leaves for it, and what
counts in the end is the smallest model that was proven. Arms:

- worth: the smallest that met the target is looked at where the sampler's outlook says that this is
  worth more than the next trial, and looks take no more than 8 % of the epochs.
- share: as soon as it has met the target, while looks take no more than 8 % of the epochs.
- met: as soon as it has met the target.
- late: not before the last fifth of the trials, and the sampler trusts what met the target.

In all of them it is looked at at once in the last fifth of the trials, and in the end the smallest,
and the next, until one is proven. Before its look a model is trained on to the horizon.

Data sets: shapes10, and CIFAR-10 by the trials of two real searches (`q10-cifar10-trials.csv`),
moved so that the space's default has 75.6 % in the mean, about what its trainings there came to.

Run: python tests/benchmarks/search/looks.py [--data cifar10] [--when share] [--seeds 40]
"""

from __future__ import annotations

import argparse
import functools
import math
import multiprocessing
import os
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
import standin

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.certificates.bounds import binomial_bound
from tuner.certificates.looks import level_of_next
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler
from tuner.workers.proving import LATE, SHARE

TARGET, MARGIN, TRIALS = 0.75, 0.005, 50


class Images(NamedTuple):
    """A data set, as far as a search's luck depends on it."""

    recorded: str
    validation: int
    test: int
    spread: float
    """Standard deviation of a configuration's final accuracy over seeds."""
    moved: float
    """Added to where trainings end: a stand-in takes what ended close to the target for worse."""


DATA = {
    "shapes10": Images("q10-trials.csv", 1_000, 5_000, 0.015, 0.0),
    "cifar10": Images("q10-cifar10-trials.csv", 5_000, 10_000, 0.006, -0.014),
}


class Search(standin.Search):
    """One search.

    Args:
        seed: Of its sampler and of its trainings.
        images: What it searches on.
        when: An arm.
    """

    def __init__(self, seed: int, images: Images, when: str) -> None:
        super().__init__(seed, TRIALS)
        self._images, self._when = images, when
        self.verdicts: list[bool] = []

    @property
    def noise(self) -> float:
        """As the sampler is told it: not at all, where it is to trust."""
        return 0.0 if self._when == "late" else super().noise

    def curve(self, params: dict[str, Any], number: int) -> tuple[np.ndarray, float]:
        """The shortfall as it is measured after each epoch, and where it ends."""
        curve, end = super().curve(params, number)
        return curve + self._images.moved, end + self._images.moved

    def _checks(self, sampler: SmallestFeasibleSampler, study: optuna.Study) -> bool:
        """Looks at the smallest that met the target, where it is time; whether it did."""
        best = self.incumbent
        if best is None or best in self.proven or not self._is_time(best, sampler, study):
            return False
        self.prove(best)
        return True

    def _is_time(self, best: int, sampler: SmallestFeasibleSampler, study: optuna.Study) -> bool:
        trained = len(self.shown)
        if self._when == "met" or trained >= LATE * TRIALS:
            return True
        if self._when == "late":
            return False
        spent = self.used - self.of_models
        costs = self.of_models + self.problem.horizon - self.touched[best]
        if costs > SHARE * spent * TRIALS / trained:
            return False
        if self._when == "share":
            return True
        return sampler.outlook(study, TRIALS - trained, self.cost).check == best

    def missing(self, number: int) -> float:
        """Looks at a model: how far it measured below what was asked, at most 0 where proven."""
        images, rng = self._images.test, np.random.default_rng([self.seed, number, 1])
        accuracy = TARGET + MARGIN - self.truth[number]
        correct = int(rng.binomial(images, min(max(accuracy, 0.0), 1.0)))
        holds = binomial_bound(correct, images, level_of_next(self.verdicts)) >= TARGET
        self.verdicts.append(holds)
        missing = TARGET + MARGIN - correct / images
        return min(missing, 0.0) if holds else max(missing, 1e-6)

    @property
    def found(self) -> float:
        """Size of the smallest that is proven."""
        return min((self.sizes[n] for n in self.proven), default=math.inf)


@functools.cache
def prepare(data: str) -> Images:
    """Sets the stand-in up for a data set."""
    images = DATA[data]
    standin.RECORDED = Path(__file__).with_name(images.recorded)
    standin.SEED_SPREAD = images.spread
    standin.noise = lambda: math.sqrt(TARGET * (1 - TARGET) / images.validation)
    return images


def search(job: tuple[str, str, int]) -> dict[str, float]:
    """One search, in a process of its own that others have used before."""
    data, when, seed = job
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    done = Search(seed, prepare(data), when).run()
    return {
        "found": done.found, "largest": done.problem.largest, "epochs": done.used,
        "proofs": done.of_models, "looks": len(done.verdicts),
    }  # fmt: skip


def main() -> None:
    """Searches, and prints a row of a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", choices=DATA, default="cifar10")
    parser.add_argument("--when", choices=["worth", "share", "met", "late"], default="share")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices lose with threads
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    context = multiprocessing.get_context("spawn")  # so that they read that before NumPy
    jobs = [(args.data, args.when, seed) for seed in range(args.first, args.first + args.seeds)]
    with context.Pool(args.jobs) as pool:
        rows = pool.map(search, jobs, chunksize=1)
    sizes = np.array([min(r["found"], r["largest"]) for r in rows])
    proven = np.mean([math.isfinite(r["found"]) for r in rows])
    mean, error = np.exp(np.log(sizes).mean()), np.log(sizes).std() / math.sqrt(len(rows))
    cells = [
        args.data, args.when, str(len(rows)), f"{mean:,.0f} (± {error:.0%})",
        f"{np.median(sizes):,.0f}", f"{np.mean(sizes <= 7_000):.0%}", f"{1 - proven:.0%}",
        *(f"{np.mean([r[key] for r in rows]):.1f}" for key in ("epochs", "proofs", "looks")),
    ]  # fmt: skip
    print("| data | when | searches | size | median | at most 7,000 | none | epochs | ", end="")
    print("of proofs | looks |\n" + "|---" * 10 + "|\n| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
