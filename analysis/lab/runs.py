"""A sweep's trainings, by their configuration."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

PARTS = ("training", "validation", "test")
"""Images that an accuracy is measured on."""


@dataclass(frozen=True)
class Runs:
    """The trainings of one configuration, one a seed."""

    value: Any
    """Of the hyperparameter that varies."""
    trials: tuple[TrialRecord, ...]

    def accuracies(self, part: str) -> list[float]:
        """After the last epoch, one a seed; fractions."""
        read = READ[part]
        found = [read(trial) for trial in self.trials]
        return [float(value) for value in found if value is not None]

    def seconds(self) -> list[float]:
        """Of an epoch, the median of each training."""
        return [statistics.median(e.seconds for e in t.history) for t in self.trials if t.history]

    def curves(self, part: str) -> np.ndarray[Any, Any]:
        """Accuracy by training and epoch, as far as all trainings came."""
        last = min((len(t.history) for t in self.trials), default=0)
        name = "measured" if part == "training" else "val_measured"
        rows = [[getattr(e, name) for e in t.history[:last]] for t in self.trials]
        return np.array(rows, dtype=float)

    @property
    def size(self) -> int | None:
        """Trainable parameters."""
        return self.trials[0].size


READ: Mapping[str, Callable[[TrialRecord], float | None]] = {
    "training": lambda t: t.history[-1].measured,
    "validation": lambda t: t.history[-1].val_measured,
    "test": lambda t: t.test_measured,
}


def runs(record: StudyRecord, name: str) -> list[Runs]:
    """The configurations of a sweep by a hyperparameter's value, in its order.

    Args:
        record: A sweep.
        name: The hyperparameter that varies.
    """
    found: dict[Any, list[TrialRecord]] = {}
    for trial in record.trained:
        if trial.cell is not None and name in trial.cell and trial.history:
            found.setdefault(trial.cell[name], []).append(trial)
    return [Runs(value, tuple(found[value])) for value in sorted(found)]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation; None for fewer than two."""
    spread = statistics.stdev(values) if len(values) > 1 else None
    return statistics.fmean(values), spread


def wanted(record: StudyRecord) -> int:
    """How many trainings the whole sweep has."""
    number = int(record.study.get("seeds", 1)) * max(1, len(record.data))
    for listed in record.study.get("grid", {}).values():
        number *= len(listed)
    return number
