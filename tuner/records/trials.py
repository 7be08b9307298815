"""A trial as it is stored, typed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.quantities import QUANTITIES
from tuner.records.epochs import Epoch, read_history
from tuner.records.keys import OUTCOMES, SHORTFALL, TRAINED, Outcome, TrialKey

AMOUNTS: tuple[str, ...] = tuple(QUANTITIES)
"""Names of what `TrialRecord.amount` knows of a trial."""


@dataclass(frozen=True)
class TrialRecord:
    """A trial, typed. Numbers are None until they are known."""

    number: int
    state: TrialState
    outcome: Outcome | None
    params: Mapping[str, Any]
    """By Optuna's names."""
    values: Mapping[str, Any]
    """By keras-tuner's names."""
    size: int | None
    total_size: int | None
    macs: int | None
    bytes: int | None
    value: float | None
    """What the study minimises."""
    shortfall: float | None
    """How far from the target it ended, as a length of the metric: at most 0 when that is met."""
    history: tuple[Epoch, ...]
    seconds: float | None
    seed: int | None
    dataset: str | None
    """The data set that it was trained on, a stand-in under its own name."""
    cell: Mapping[str, Any] | None
    reference: bool
    model_file: str | None
    confusion: tuple[tuple[int, ...], ...] | None
    """Images by true (row) and predicted (column) class after the last epoch: of the validation
    images in a search, of the test images in a sweep or a certificate."""
    test_measured: float | None
    """The study's metric on the test examples after the last epoch; sweeps and certificates only: a
    search does not read them."""
    stop: str | None
    error: str | None
    retry_of: int | None
    lost: str | None
    started: datetime.datetime | None
    ended: datetime.datetime | None
    attributes: Mapping[str, Any] = field(repr=False)
    """Every user attribute as stored."""
    metric: Metric = DEFAULT_METRIC
    """What its study measures."""

    @property
    def data_key(self) -> str | None:
        """What the study calls its data set: a key of `StudyRecord.data`."""
        return self.attributes.get(TrialKey.DATA)

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return self.history[-1].epoch if self.history else 0

    @property
    def taken_over(self) -> int:
        """Epochs among them that a lost trial had trained, and this one went on from."""
        return int(self.attributes.get(TrialKey.TAKEN_OVER, 0))

    @property
    def val_measured(self) -> float | None:
        """The study's metric on the validation examples, of the best epoch."""
        return self.metric.best_of(e.val_measured for e in self.history)

    def amount(self, quantity: str) -> float | None:
        """How much the model has of a quantity, by its name; None where that is not known."""
        found = self.attributes.get(quantity)
        return None if found is None else float(found)

    @property
    def trained(self) -> bool:
        """Whether it counts towards ``--trials``."""
        return self.outcome in TRAINED

    @property
    def reached(self) -> bool:
        """Whether it met the target."""
        return self.outcome == "reached"

    @classmethod
    def of(
        cls,
        trial: FrozenTrial,
        datasets: Mapping[str, str] | None = None,
        metric: Metric = DEFAULT_METRIC,
        unit: float = 1.0,
    ) -> TrialRecord:
        """Reads a trial; what it lacks is None.

        Args:
            trial: As Optuna has it.
            datasets: Names of the data sets that stand behind those the study asks for.
            metric: What its study measures.
            unit: The length of the metric in which shortfalls are stored.
        """
        a = trial.user_attrs
        asked = a.get(TrialKey.DATA)
        names = datasets or {}
        shortfall = trial.constraints.get(SHORTFALL)
        outcome = a.get(TrialKey.OUTCOME)
        return cls(
            number=trial.number,
            state=trial.state,
            outcome=outcome if outcome in OUTCOMES else None,
            params=trial.params,
            values=a.get(TrialKey.VALUES, {}),
            size=a.get(TrialKey.SIZE),
            total_size=a.get(TrialKey.TOTAL_SIZE),
            macs=a.get(TrialKey.MACS),
            bytes=a.get(TrialKey.BYTES),
            value=trial.value if trial.state == TrialState.COMPLETE else None,
            shortfall=None if shortfall is None else shortfall * unit,
            history=read_history(a),
            seconds=a.get(TrialKey.SECONDS),
            seed=a.get(TrialKey.SEED),
            dataset=a.get(TrialKey.DATA_NAME) if asked is None else names.get(asked, asked),
            cell=a.get(TrialKey.CELL),
            reference=bool(a.get(TrialKey.REFERENCE)),
            model_file=a.get(TrialKey.MODEL_FILE),
            confusion=read_matrix(a.get(TrialKey.CONFUSION)),
            test_measured=a.get(TrialKey.TEST_ACCURACY),
            stop=a.get(TrialKey.STOP),
            error=a.get(TrialKey.ERROR),
            retry_of=a.get(TrialKey.RETRY_OF),
            lost=a.get(TrialKey.LOST),
            started=trial.datetime_start,
            ended=trial.datetime_complete,
            attributes=a,
            metric=metric,
        )


def smallest(trials: Iterable[TrialRecord]) -> TrialRecord | None:
    """The trial with the smallest value among those that met the target; ties: the earliest."""
    met = [t for t in trials if t.reached and t.value is not None]
    return min(met, key=lambda t: (t.value, t.number), default=None)


def read_matrix(rows: Any) -> tuple[tuple[int, ...], ...] | None:
    """A confusion matrix as stored, unchangeable."""
    return None if rows is None else tuple(tuple(int(n) for n in row) for row in rows)
