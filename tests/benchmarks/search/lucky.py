"""Searches whose trainings are lucky: in their seed, and in a thousand validation images.

The recorded curves of q4's space and the simulated classifiers of `synthetic.py`, with noise on
top: every training has a seed worth 0.5 to 2 points, and every epoch is measured on 1,000 images. A
training ends when a measurement meets the target. What counts in the end is the smallest model that
really meets it: whose accuracy, trained on to the horizon and without the noise of validation, is
at the target. Whoever asks pays for the epochs from its first touch to the horizon. A search ends
with the same question, from the smallest model up.

Run: python tests/benchmarks/search/lucky.py [--seeds N] [--spreads 0.5 1 2] [--arms ARM ...]
Results are kept in `--out`, and what is there is not searched again. Arms:

- looks: the sampler trusts what met the target, and it is asked after 80, 87 and 94 % of the
  epochs, from the smallest up until one is real.
- proofs: the sampler doubts, and it is asked whenever its outlook says that this is worth it.
- soon: the sampler doubts, and the smallest is asked about as soon as it has met the target, while
  the answers take at most 8 % of the epochs; in the last fifth of them whatever they take.
- worlds: the sampler doubts, and it is asked as in looks.

With "recipe" after its name an arm asks whether the configuration is real: whether it meets the
target in the mean over seeds. The answer takes five fresh trainings to the horizon, or two where it
is no.

- repeats recipe: the sampler doubts, and trains configurations again by itself.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import multiprocessing
import os
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from problems import Problem, recorded
from synthetic import CENTER, HORIZON, SPACE, TARGET, active, learning_curve, size_of

from tuner.pruners.target import TargetPruner
from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler
from tuner.workers.proving import LATE, SHARE

IMAGES = 1_000
SHARED = 0.5
"""Share of the validation's variance that all epochs of one training have in common."""
LOOKS = (0.8, 0.87, 0.94)
FRESH_REAL, FRESH_LUCKY = 5, 2
"""Fresh trainings of a recipe that is real, and of one that is not."""
BUDGETS = {"q4": 240, "synthetic": 500}


class Quiet:
    """Stands in for a random source that adds nothing."""

    def standard_normal(self, *shape: int) -> Any:
        return np.zeros(shape) if shape else 0.0

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


@functools.cache
def problems() -> dict[str, Problem]:
    """By name."""
    made = {problem.name: problem for problem in recorded()}

    def shortfall(params: dict[str, Any]) -> np.ndarray:
        return TARGET - learning_curve(params, Quiet())  # type: ignore[arg-type]

    made["synthetic"] = Problem(
        "synthetic", SPACE, HORIZON, size_of(CENTER), size_of, shortfall, size_of(CENTER)
    )
    return made


@dataclass
class Lucky:
    """One search's trainings, by trial number.

    Attributes:
        truth: The final shortfall of each training that met the target, without luck in images.
        touched: The epoch at which it met it.
    """

    problem: Problem
    spread: float
    seed: int
    recipe: bool = False
    used: int = 0
    proofs: int = 0
    truth: dict[int, float] = field(default_factory=dict)
    touched: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    refuted: dict[int, float] = field(default_factory=dict)
    proven: dict[int, float] = field(default_factory=dict)

    @property
    def noise(self) -> float:
        """Standard deviation of one measurement; all targets lie between 54 and 70 %."""
        return math.sqrt(0.6 * 0.4 / IMAGES)

    def curve(self, params: dict[str, Any], number: int) -> tuple[np.ndarray, float]:
        """The shortfall as it is measured after each epoch, and the true one after the last."""
        rng = np.random.default_rng([self.seed, number])
        recipe = self.problem.shortfall(params)
        mean = recipe + self.spread * rng.standard_normal()
        common, each = rng.standard_normal(), rng.standard_normal(len(mean))
        luck = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * each
        truth = recipe if self.recipe else mean
        return mean + self.noise * luck, float(truth.min())

    def train(self, trial: optuna.Trial) -> None:
        """Trains one trial until it meets the target, is stopped, or is at the horizon."""
        params = dict(trial.params)
        values, truth = self.curve(params, trial.number)
        best = math.inf
        for epoch, value in enumerate(values, 1):
            self.used += 1
            trial.report(float(value), epoch)
            best = min(best, float(value))
            if best <= 0:
                self.truth[trial.number], self.touched[trial.number] = truth, epoch
                self.sizes[trial.number] = self.problem.size(params)
                break
            if trial.should_prune():
                trial.set_constraint("shortfall", best)
                trial.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return
        trial.set_constraint("shortfall", best)
        trial.study.tell(trial, self.problem.size(params))

    @property
    def cost(self) -> float:
        """Epochs that a proof takes, on average."""
        if self.recipe:
            return self.problem.horizon * (FRESH_REAL + FRESH_LUCKY) / 2
        return self.problem.horizon - float(np.mean(list(self.touched.values()) or [0]))

    def prove(self, number: int) -> bool:
        """Trains a model on to the horizon, or its recipe with fresh seeds; learns the truth."""
        if self.recipe:
            fresh = FRESH_REAL if self.truth[number] <= 0 else FRESH_LUCKY
            self.used += fresh * self.problem.horizon
        else:
            self.used += self.problem.horizon - self.touched[number]
        self.proofs += 1
        missing = self.missing(number)
        if missing <= 0:
            self.proven[number] = missing
        else:
            self.refuted[number] = missing
        return missing <= 0

    @property
    def incumbent(self) -> int | None:
        """The smallest that met the target and was not refuted."""
        left = [n for n in self.sizes if n not in self.refuted]
        return min(left, key=lambda n: (self.sizes[n], n), default=None)

    def soon(self, budget: int) -> int | None:
        """The incumbent, where it is to be asked about at once."""
        best = self.incumbent
        if best is None or best in self.proven:
            return None
        asked = [*self.proven, *self.refuted, best]
        costs = sum(self.problem.horizon - self.touched[n] for n in asked)
        return best if costs <= SHARE * budget or self.used >= LATE * budget else None

    def missing(self, number: int) -> float:
        """The shortfall of a model, or of its recipe, as its proof measures it; met at 0."""
        return self.truth[number]

    def ladder(self) -> int | None:
        """Proves from the smallest up until one holds; its number."""
        for number in sorted(self.sizes, key=lambda n: (self.sizes[n], n)):
            if number in self.proven or (number not in self.refuted and self.prove(number)):
                return number
        return None

    @property
    def found(self) -> float:
        """Size of the smallest that is real."""
        return min((s for n, s in self.sizes.items() if self.truth[n] <= 0), default=math.inf)


def ask(study: optuna.Study, problem: Problem) -> optuna.Trial:
    """The next trial with all parameters in use."""
    trial = study.ask()
    if problem.name != "synthetic":
        for name, dist in problem.space.items():
            trial._suggest(name, dist)
        return trial
    trial._suggest("depth", SPACE["depth"])
    for name in active(trial.params)[1:]:
        trial._suggest(name, SPACE[name])
    return trial


def search(job: tuple[str, str, float, int]) -> dict[str, Any]:
    """One search; what it came to."""
    arm, name, spread, seed = job
    way, recipe = arm.split()[0], arm.endswith("recipe")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    problem = problems()[name]
    lucky = Lucky(problem, spread / 100, seed, recipe)
    budget = BUDGETS[name.split()[0]]
    center = {"center": CENTER} if name == "synthetic" else {}
    study = optuna.create_study(pruner=TargetPruner(problem.horizon, audit=0.0))
    looks = [share * budget for share in LOOKS]
    rows: list[tuple[int, float, float]] = []
    foretold: dict[int, float] = {}
    begin = time.perf_counter()
    if center:
        study.enqueue_trial({key: CENTER[key] for key in active(CENTER)})
    while lucky.used < budget:
        study.sampler = sampler = SmallestFeasibleSampler(
            problem.size, problem.horizon, seed, refuted=lucky.refuted, proven=lucky.proven,
            search_space=problem.space, noise=0.0 if way == "looks" else lucky.noise,
            repeat=way == "repeats", prove="recipe" if recipe else "model", **center,
        )  # fmt: skip
        if way in ("looks", "worlds") and looks and lucky.used >= looks[0]:
            looks = [look for look in looks if look > lucky.used]
            lucky.ladder()
            continue
        if way != "looks" and study.trials:
            each = max(1, lucky.used) / len(study.trials)
            outlook = sampler.outlook(
                study, int((budget - lucky.used) / each), lucky.cost / problem.horizon
            )
            for number in set(outlook.chances) - set(foretold) - set(lucky.proven):
                foretold[number] = outlook.chances[number]
            check = lucky.soon(budget) if way == "soon" else outlook.check
            if way in ("proofs", "soon") and check is not None:
                lucky.prove(check)
                continue
            rows.append((lucky.used, outlook.expected_gain or math.nan, lucky.found))
        lucky.train(ask(study, problem))
    used = lucky.used
    lucky.ladder()
    return {
        "arm": arm, "problem": name, "spread": spread, "seed": seed, "used": used,
        "found": lucky.found, "all": lucky.used, "proofs": lucky.proofs, "rows": rows,
        "foretold": [(chance, lucky.truth[n] <= 0) for n, chance in foretold.items()],
        "trials": len(study.trials), "refuted": len(lucky.refuted),
        "seconds": time.perf_counter() - begin,
    }  # fmt: skip


def main() -> None:
    """Search what is not there yet, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--spreads", type=float, nargs="+", default=[0.5, 1.0, 2.0])
    parser.add_argument("--arms", nargs="+", default=["looks", "worlds", "proofs"])
    parser.add_argument("--problems", nargs="+", default=list(problems()))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("tuner-results/lucky.jsonl"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(x) for x in args.out.read_text().splitlines()] if args.out.exists() else []
    done = {(r["arm"], r["problem"], r["spread"], r["seed"]) for r in rows}
    jobs = [
        (arm, name, spread, seed)
        for seed in range(args.first, args.first + args.seeds)
        for name in args.problems for spread in args.spreads for arm in args.arms
        if (arm, name, spread, seed) not in done
    ]  # fmt: skip
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(args.jobs) as pool, args.out.open("a") as stream:
        for row in pool.imap_unordered(search, jobs):
            rows.append(row)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            print(len(rows), row["arm"], row["problem"], round(row["seconds"]), file=sys.stderr)
    show([r for r in rows if r["arm"] in args.arms and r["problem"] in args.problems])


def show(rows: list[dict[str, Any]]) -> None:
    """The table: sizes relative to the first arm's in the same searches."""

    def log_found(row: dict[str, Any]) -> float:
        return math.log(min(row["found"], 2 * problems()[row["problem"]].largest))

    heads = ["problem", "spread", "arm", "searches", "size", "beside looks", "epochs", "proofs"]
    print("| " + " | ".join([*heads, "refuted", "trials"]) + " |\n|" + "---|" * (len(heads) + 2))
    keys = sorted({(r["problem"].split()[0], r["spread"]) for r in rows})
    for name, spread in [*keys, *((n, None) for n in dict.fromkeys(n for n, _ in keys))]:
        some = [
            r for r in rows
            if r["problem"].startswith(name) and (spread is None or r["spread"] == spread)
        ]  # fmt: skip
        base = {
            (r["problem"], r["spread"], r["seed"]): log_found(r)
            for r in some if r["arm"].startswith("looks")
        }  # fmt: skip
        for arm in dict.fromkeys(r["arm"] for r in some):
            runs = [r for r in some if r["arm"] == arm]
            off = [
                log_found(r) - base[key]
                for r in runs if (key := (r["problem"], r["spread"], r["seed"])) in base
            ]  # fmt: skip
            error = np.std(off) / math.sqrt(max(1, len(off)))
            beside = f"{np.exp(np.mean(off)):.3f} ± {error:.3f}" if off else ""
            means = [
                f"{np.mean([r[key] for r in runs]):.1f}"
                for key in ("all", "proofs", "refuted", "trials")
            ]
            size = f"{np.exp(np.mean([log_found(r) for r in runs])):,.0f}"
            cells = [name, str(spread or "all"), arm, str(len(runs)), size, beside, *means]
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
