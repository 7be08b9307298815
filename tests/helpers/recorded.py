"""Recorded learning curves of every metric, and a search on them that trains nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from tuner.objectives.metrics import DEFAULT_METRIC, METRICS, Metric
from tuner.objectives.target import Target
from tuner.objectives.yardstick import yardstick
from tuner.pruners.target import TargetPruner, for_search

FILE = Path(__file__).parents[1] / "benchmarks" / "curves" / "curves.csv"
REACHING = 0.4
"""Share of the configurations that reach the target that is set."""


def _held(y: np.ndarray) -> np.ndarray:
    """The answers of the validation examples, as `tests/benchmarks/curves/record.py` parts them."""
    return y[np.random.default_rng(0).permutation(len(y))[: len(y) // 4]]


def _diabetes() -> tuple[np.ndarray, int]:
    from sklearn.datasets import load_diabetes

    return _held(load_diabetes(return_X_y=True)[1] / 100), 0


def _friedman() -> tuple[np.ndarray, int]:
    from sklearn.datasets import make_friedman1

    return _held(make_friedman1(1_500, noise=1.0, random_state=0)[1]), 0


def _rare() -> tuple[np.ndarray, int]:
    return _held((np.random.default_rng(0).random(3_000) < 1 / 21).astype("int64")), 2


ANSWERS = {"diabetes": _diabetes, "friedman": _friedman, "rare": _rare}
"""By data set the answers of its validation examples, and how many classes there are."""


class Recorded(NamedTuple):
    """The curves of one metric on one data set, [trainings, epochs]."""

    data: str
    metric: Metric
    constant: float
    values: np.ndarray

    @property
    def target(self) -> Target:
        """One that `REACHING` of the configurations reach."""
        best = [self.metric.best_of(row) or self.metric.worst for row in self.values]
        order = sorted(best, key=self.metric.rank)
        bar = order[max(1, round(REACHING * len(order))) - 1]
        unit = self.metric.unit or abs(self.constant - self.metric.origin)
        return Target(bar, metric=self.metric, unit=unit)

    @property
    def noise(self) -> float | None:
        """The standard error of the metric, in units, as a search works it out; not of accuracy."""
        if self.metric is DEFAULT_METRIC:
            return None
        answers, classes = ANSWERS[self.data]()
        return yardstick(self.metric, answers, classes, float(self.target.value)).error / (
            self.target.unit
        )


class Replay(NamedTuple):
    """What a pruner did in searches on recorded curves."""

    reaching: int
    """Trainings that would have reached the target."""
    stopped: int
    """Those of them that were stopped."""
    epochs: int
    whole: int
    """Epochs that were trained, and those of all trainings to the target or the horizon."""


def recorded() -> Iterator[Recorded]:
    """All that is recorded."""
    rows: dict[tuple[str, str], list[list[str]]] = {}
    with FILE.open(newline="") as file:
        _, *lines = csv.reader(file)
    for data, metric, _, _, constant, *values in lines:
        rows.setdefault((data, metric), []).append([constant, *values])
    for (data, metric), found in rows.items():
        numbers = np.array(found, float)
        yield Recorded(data, METRICS[metric], float(numbers[0, 0]), numbers[:, 1:])


def replay(curves: Recorded, orders: int, seed: int = 0) -> Replay:
    """Trains all of them in so many random orders, each a search of its own."""
    rng, target = np.random.default_rng(seed), curves.target
    reports = [[target.reported(float(v)) for v in row] for row in curves.values]
    reaching = stopped = epochs = whole = 0
    noise = curves.noise
    for _ in range(orders):
        study = optuna.create_study(direction="minimize")
        # As that of a search, of which none of those to be stopped is trained on to audit it.
        pruner = for_search(curves.values.shape[1], 0, noise, audit=0.0)
        for row in rng.permutation(len(reports)):
            used, met = _train(study, pruner, reports[row])
            full = next((i for i, v in enumerate(reports[row], 1) if v <= 0), None)
            reaching += full is not None
            stopped += full is not None and not met
            epochs += used
            whole += full or len(reports[row])
    return Replay(reaching, stopped, epochs, whole)


def _train(study: optuna.Study, pruner: TargetPruner, reports: list[float]) -> tuple[int, bool]:
    """Epochs of one training, and whether it reached the target."""
    seen: dict[int, float] = {}
    state = TrialState.COMPLETE
    for step, value in enumerate(reports, 1):
        seen[step] = value
        if value <= 0:
            break
        trial = create_trial(state=TrialState.RUNNING, intermediate_values=seen)
        if step < len(reports) and pruner.prune(study, trial):
            state = TrialState.PRUNED
            break
    value = 1_000.0 if state == TrialState.COMPLETE else None
    study.add_trial(create_trial(state=state, value=value, intermediate_values=dict(seen)))
    return len(seen), seen[len(seen)] <= 0
