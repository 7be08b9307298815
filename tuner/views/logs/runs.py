"""What every log of a search has in common: a run for each trial, of its epochs and its end."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

from tuner.records.epochs import Epoch
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result
from tuner.views.changes import Changes


class TrialLog(ABC):
    """A watcher that writes what is new; a search that goes on adds to the log of before."""

    def __init__(self) -> None:
        self._changes: Changes | None = None

    @abstractmethod
    def epoch(self, record: StudyRecord, trial: TrialRecord, epoch: Epoch) -> None:
        """A trial has trained another epoch."""

    @abstractmethod
    def ended(self, record: StudyRecord, trial: TrialRecord) -> None:
        """A trial that was trained, or failed, has ended."""

    @abstractmethod
    def done(self, result: Result) -> None:
        """The search is over."""

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """What had ended before is in the log already."""
        self._changes = Changes(record)

    def notice(self, text: str, *, banner: bool = False) -> None:  # noqa: B027 - whoever looks on is told
        """Not logged: it is for whoever looks on."""

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """What is new since the last look."""
        if self._changes is None:
            self._changes = Changes(record)
        for change in self._changes.since(record):
            if change.epoch is not None:
                self.epoch(record, change.trial, change.epoch)
            elif change.kind == "trial_ended" and change.trial.outcome != "gated":
                self.ended(record, change.trial)

    def finished(self, result: Result) -> None:
        """The last look, and the winner."""
        self.updated(result.record, result.run)
        self.done(result)


def curves(record: StudyRecord, epoch: Epoch) -> dict[str, float]:
    """An epoch's numbers by their names; what is not known is left out."""
    name = record.metric.key
    found = {
        "loss": epoch.loss,
        "val_loss": epoch.val_loss,
        name: epoch.measured,
        f"val_{name}": epoch.val_measured,
    }
    return {key: float(value) for key, value in found.items() if value == value}


def moment(trial: TrialRecord, epoch: Epoch | None = None) -> float:
    """When an epoch of a trial had ended, or its latest; in seconds since 1970.

    What is new is looked for now and then, and several epochs may be found at once.
    """
    if trial.started is None:
        return time.time()
    seconds = [e.seconds for e in trial.history if epoch is None or e.epoch <= epoch.epoch]
    return trial.started.timestamp() + sum(seconds)


def outcome(record: StudyRecord, trial: TrialRecord) -> dict[str, float]:
    """What came of a trial, in numbers."""
    found = {
        "size": trial.size,
        "macs": trial.macs,
        f"best_val_{record.metric.key}": trial.val_measured,
        "shortfall": trial.shortfall,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
    }
    return {key: float(value) for key, value in found.items() if value is not None}
