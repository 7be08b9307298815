"""A stand-in for `tuner search q10` with its own data: 50 trials in seconds, not in minutes.

`q10-trials.csv` has the trials of recorded searches: hyperparameters, and the shortfall after each
epoch. A Gaussian process of where they end, straight lines and what departs from them, is the truth
here; each training adds a seed of its own, a recorded curve's shape, and the noise of a thousand
validation images. A model that met the target is trained on to the horizon where the sampler's
outlook asks for it, and again at the end, from the smallest up until one holds.

Run: python tests/benchmarks/search/standin.py [--seeds 48] [--first 0] [--trials 50]
     python tests/benchmarks/search/standin.py --record STORAGE ... (writes q10-trials.csv anew)
Prints the size found, as a geometric mean, its spread over seeds, and how often the largest of five
searches is at most 1.6 times the smallest.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import math
import multiprocessing
import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
from lucky import IMAGES, SHARED, Lucky
from optuna.trial import FrozenTrial, TrialState
from problems import Problem

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.curves.forecasts import ended_curves
from tuner.curves.projection import Experience
from tuner.pruners.target import for_search
from tuner.samplers.smallest_feasible import outcomes, surrogate
from tuner.samplers.smallest_feasible.encoding import Encoding, Rule, activity_rules
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

RECORDED = Path(__file__).with_name("q10-trials.csv")
HORIZON = 25
SEED_SPREAD = 0.015
"""Standard deviation of a configuration's final accuracy over seeds: that of the fitted process,
and about that of the five trainings of a certificate."""
UNIT = 0.02
"""The process learns arcsinh(shortfall / this)."""
LONG = 20
"""A curve of so many epochs has a shape that other trainings may take."""
LEAST_RISE = 0.05
MARKS = (10, 20, 30, 40, 50)
"""Trials after which sizes are shown."""
PRUNED = TrialState.PRUNED


class Shape(NamedTuple):
    """A recorded curve: how far each epoch is from its end, as a share of the first's, [25]."""

    left: np.ndarray
    first: float
    """The shortfall after the first epoch."""


@dataclass
class StandIn:
    """Where the trainings of q10's space end, from what recorded ones came to."""

    space: Any
    exploration: Any
    size_of: Any
    cost_of: Any
    reference: dict[str, Any]
    encoding: Encoding = field(init=False)
    rules: list[Rule | None] = field(init=False)
    process: surrogate.GaussianProcess = field(init=False)
    shapes: list[Shape] = field(init=False, default_factory=list)
    problem: Problem = field(init=False)

    def __post_init__(self) -> None:
        self.problem = Problem(
            name="q10",
            space=self.exploration.distributions,
            horizon=HORIZON,
            smallest=1,
            size=self.size_of,
            shortfall=lambda params: np.full(HORIZON, self.end(params)),
            largest=int(self.size_of(self.reference)),
        )
        self.encoding = Encoding(self.exploration.distributions, self.exploration.defaults)
        points, ends, spreads, logs = [], [], [], []
        for trials in recorded(self.exploration.distributions):
            experience = Experience(ended_curves(trials), HORIZON)
            for trial in trials:
                end = outcomes.outcome_of(trial, experience)
                if end is None:
                    continue
                points.append(self.encoding.encode(trial.params))
                ends.append(end.shortfall)
                spreads.append(end.spread)
                logs.append(math.log(self.size_of(dict(trial.params))))
                if (shape := shape_of(trial, end.shortfall)) is not None:
                    self.shapes.append(shape)
        self.rules = activity_rules(self.encoding, np.array(points))
        scaled = np.array(ends) / UNIT
        noise = np.array(spreads) / (UNIT * np.sqrt(1 + scaled**2))
        features = self._features(np.array(points), np.array(logs))
        slopes = np.ones(features.shape[1])
        slopes[-1] = 6.0
        self.process = surrogate.GaussianProcess(features, np.arcsinh(scaled), noise**2, slopes)

    def _features(self, points: np.ndarray, logs: np.ndarray) -> np.ndarray:
        return np.hstack([self.encoding.features(points, self.rules), logs[:, None] / 2 - 3.5])

    def end(self, params: dict[str, Any]) -> float:
        """The mean final shortfall of a configuration."""
        point = self.encoding.encode(params)[None]
        point = np.where(np.isnan(point), self.encoding.center, point)
        logs = np.array([math.log(self.size_of(params))])
        mean, _ = self.process.predict(self._features(point, logs))
        return UNIT * math.sinh(float(mean[0]))

    def training(self, params: dict[str, Any], rng: np.random.Generator) -> tuple[float, Any]:
        """Where one training ends, and its shortfall as measured after each epoch, [25]."""
        end = self.end(params) + SEED_SPREAD * rng.standard_normal()
        shape = self.shapes[rng.integers(len(self.shapes))]
        curve = end + max(shape.first - end, LEAST_RISE) * shape.left
        common, each = rng.standard_normal(), rng.standard_normal(HORIZON)
        luck = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * each
        return end, curve + noise() * luck


def noise() -> float:
    """Standard deviation of one measured accuracy near the target."""
    return math.sqrt(0.75 * 0.25 / IMAGES)


def shape_of(trial: FrozenTrial, end: float) -> Shape | None:
    """The shape of a recorded curve; None where it is too short, or flat."""
    values = np.array([v for _, v in sorted(trial.intermediate_values.items())])
    if len(values) < LONG:
        return None
    best = np.minimum.accumulate(values)
    rest = np.linspace(best[-1], min(end, best[-1]), HORIZON - len(best) + 1)[1:]
    whole = np.concatenate([best, rest])
    rise = whole[0] - whole[-1]
    return Shape((whole - whole[-1]) / rise, float(whole[0])) if rise > 2 * LEAST_RISE else None


def recorded(space: dict[str, Any]) -> list[list[FrozenTrial]]:
    """The recorded trials of each search."""
    searches: dict[str, list[FrozenTrial]] = {}
    with RECORDED.open(newline="") as file:
        for row in csv.DictReader(file):
            params = {name: value_of(row[name]) for name in space if row[name]}
            trial = optuna.trial.create_trial(
                state=TrialState[row["state"]],
                value=0.0 if row["state"] == "COMPLETE" else None,
                params=params,
                distributions={name: space[name] for name in params},
                intermediate_values={
                    epoch: float(row[f"epoch_{epoch}"])
                    for epoch in range(1, HORIZON + 1)
                    if row[f"epoch_{epoch}"]
                },
            )
            searches.setdefault(row["search"], []).append(trial)
    return list(searches.values())


def record(storages: list[str]) -> None:
    """Writes the trials of q10 in some storages, each a URL or an SQLite file."""
    epochs = [f"epoch_{i}" for i in range(1, HORIZON + 1)]
    names = list(q10()[2].distributions)
    with RECORDED.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["search", "state", *names, *epochs])
        for number, storage in enumerate(storages):
            url = storage if "://" in storage else f"sqlite:///{storage}"
            study = optuna.load_study(study_name="q10@shapes10", storage=url)
            for trial in study.get_trials(states=(TrialState.COMPLETE, PRUNED)):
                values = trial.intermediate_values
                curve = [f"{values[i]:.4f}" if i in values else "" for i in range(1, HORIZON + 1)]
                params = [cell_of(trial.params.get(name)) for name in names]
                out.writerow([number, trial.state.name, *params, *curve])


def cell_of(value: Any) -> str:
    """A hyperparameter's value in a cell, which is empty where there is none."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def value_of(cell: str) -> Any:
    """The value in a cell that is not empty."""
    try:
        return json.loads(cell)
    except json.JSONDecodeError:
        return cell


@functools.cache
def stand_in() -> StandIn:
    """Of q10 with its own data."""
    from tuner.objectives.quantities import quantity_of
    from tuner.spaces import sizes

    spec, space, exploration = q10()
    return StandIn(
        space=space,
        exploration=exploration,
        size_of=sizes.size_of(space, quantity_of(spec.minimize)),
        cost_of=sizes.epoch_cost_of(space),
        reference=dict(spec.reference),
    )


@functools.cache
def q10() -> tuple[Any, Any, Any]:
    """The study, its space, and what that holds."""
    from tuner import data
    from tuner.spaces.exploration import explore
    from tuner.specs.files import read_study
    from tuner.workers.prepare import load

    spec = read_study("q10")
    space = load(spec, data.resolve("shapes10", seed=0))
    return spec, space, explore(space)


class Suggested:
    """Answers a space's questions by a trial's suggestions."""

    def __init__(self, trial: optuna.Trial, space: dict[str, Any]) -> None:
        self._trial, self._space = trial, space

    def _ask(self, name: str, *_: Any, **__: Any) -> Any:
        return self._trial._suggest(name, self._space[name])

    Int = Float = Choice = Boolean = _ask


class Search(Lucky):
    """One search on the stand-in.

    Args:
        seed: Of its sampler and of its trainings.
        trials: That it trains.
    """

    def __init__(self, seed: int, trials: int) -> None:
        self._made = stand_in()
        super().__init__(self._made.problem, SEED_SPREAD, seed)
        self._trials = trials
        self.of_models = 0
        """Epochs of models trained on to the horizon, among those used."""
        self.shown: list[float] = []
        """The smallest that is real after each trial."""

    @property
    def noise(self) -> float:
        """Standard deviation of one measured accuracy near the target."""
        return noise()

    def curve(self, params: dict[str, Any], number: int) -> tuple[np.ndarray, float]:
        """The shortfall as it is measured after each epoch, and where it ends."""
        end, curve = self._made.training(params, np.random.default_rng([self.seed, number]))
        return curve, end

    def prove(self, number: int) -> bool:
        """Trains a model on to the horizon, and learns the truth."""
        before = self.used
        real = super().prove(number)
        self.of_models += self.used - before
        return real

    def run(self) -> Search:
        """To its end."""
        study = optuna.create_study(pruner=for_search(HORIZON, self.seed, audit=0.0))
        study.enqueue_trial(self._made.reference)
        study.enqueue_trial(self._made.exploration.defaults)
        while len(self.shown) < self._trials:
            study.sampler = sampler = self._sampler()
            if len(self.shown) >= 2 and self._checks(sampler, study):
                continue
            self._try(study.ask())
        self.ladder()
        return self

    def _sampler(self) -> SmallestFeasibleSampler:
        return SmallestFeasibleSampler(
            self._made.size_of,
            HORIZON,
            self.seed,
            cost_of=self._made.cost_of,
            search_space=self._made.exploration.distributions,
            center=self._made.exploration.defaults,
            refuted=self.refuted,
            proven=self.proven,
            noise=self.noise,
            prove="model",
            repeat=False,
        )

    def _checks(self, sampler: SmallestFeasibleSampler, study: optuna.Study) -> bool:
        """Whether a model was proven, or refuted, because that is worth more than a proposal."""
        check = sampler.outlook(study, self._trials - len(self.shown), self.cost).check
        if check is None or check in self.proven:
            return False
        self.prove(check)
        return True

    def _try(self, trial: optuna.Trial) -> None:
        """Trains one trial, where it can be built."""
        try:
            self._made.space.describe(Suggested(trial, self._made.exploration.distributions))
            self._made.size_of(dict(trial.params))
        except ValueError:
            trial.study.tell(trial, state=TrialState.FAIL)
            return
        self.train(trial)
        self.shown.append(min(self.found, self._made.problem.largest))


def search(job: tuple[int, int]) -> dict[str, Any]:
    """One search, in a process of its own that others have used before."""
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    done = Search(*job).run()
    return {
        "found": done.found, "used": done.used - done.of_models, "proofs": done.of_models,
        "refuted": len(done.refuted), "shown": done.shown,
    }  # fmt: skip


def main() -> None:
    """Searches, and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=48)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--record", nargs="+", metavar="STORAGE")
    args = parser.parse_args()
    if args.record:
        record(args.record)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices lose with threads
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    context = multiprocessing.get_context("spawn")  # so that they read that before NumPy
    jobs = [(seed, args.trials) for seed in range(args.first, args.first + args.seeds)]
    with context.Pool(args.jobs) as pool:
        rows = pool.map(search, jobs, chunksize=1)
    logs = np.log([r["found"] for r in rows])
    found = np.isfinite(logs)
    logs = logs[found]
    fives = np.random.default_rng(0).choice(logs, size=(4_000, 5))
    ratios = np.exp(fives.max(axis=1) - fives.min(axis=1))
    marks = [mark for mark in MARKS if mark <= args.trials]
    at = np.exp(np.log([[r["shown"][mark - 1] for mark in marks] for r in rows]).mean(axis=0))
    print(
        "| found | size | spread of its log | largest of five at most 1.6 times | epochs | ", end=""
    )
    print("of models | refuted | " + " | ".join(f"after {mark}" for mark in marks) + " |")
    print("|---" * (7 + len(marks)) + "|")
    means = [f"{np.mean([r[key] for r in rows]):.1f}" for key in ("used", "proofs", "refuted")]
    cells = [
        f"{found.sum()} of {len(rows)}", f"{math.exp(logs.mean()):,.0f}", f"{logs.std():.2f}",
        f"{np.mean(ratios <= 1.6):.0%}", *means, *(f"{size:,.0f}" for size in at),
    ]  # fmt: skip
    print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
