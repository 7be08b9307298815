"""What a running search tells whoever watches it: a terminal, a log, a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tuner.record import Certificate, StudyRecord, TrialRecord

Status = Literal["met", "not_met", "complete", "interrupted"]
"""How a search ended. ``complete``: a sweep has trained all of its grid."""


@dataclass(frozen=True)
class Proving:
    """A certificate in the making."""

    trial: TrialRecord
    """Whose configuration is trained again."""
    planned: int
    """How many trainings it takes."""
    epochs: int
    """How long each of them is."""
    accuracies: tuple[float, ...]
    """Of those that have been tested, on the test images."""
    trainings: tuple[TrialRecord, ...]
    """Those under way."""


@dataclass(frozen=True)
class Run:
    """One run of the command, as opposed to the study, which may have had several."""

    goal: int
    """Trained trials that the study shall have."""
    trained_before: int
    """Trained trials that it had when this run started."""
    workers: int
    elapsed: float
    """Seconds since this run started."""
    remaining: float | None
    """Seconds left, estimated from the trials of this run; None before the first has ended."""
    storage: str
    """The storage's URL, password masked."""
    proving: Proving | None = None


@dataclass(frozen=True)
class Result:
    """What a search found."""

    status: Status
    record: StudyRecord
    run: Run
    results: Path
    """The study's folder, with its ``.keras`` files."""
    resume: str
    """The command that goes on with it."""

    @property
    def best(self) -> TrialRecord | None:
        """The smallest model that met the target."""
        return self.record.incumbent

    @property
    def reference(self) -> TrialRecord | None:
        """The reference model's trial, where it has ended."""
        return self.record.reference

    @property
    def certificate(self) -> Certificate | None:
        """The best model's certificate, where it has one."""
        return self.record.certificate

    @property
    def model_file(self) -> Path | None:
        """The best model's ``.keras`` file."""
        best = self.best
        return self.results / best.model_file if best and best.model_file else None


@dataclass(frozen=True)
class Proof:
    """What came of certifying."""

    certificate: Certificate | None
    """The latest; None where it was interrupted or there was nothing to certify."""
    record: StudyRecord
    interrupted: bool


class Watcher(Protocol):
    """Is told what happens, in the thread that called `tuner.search`."""

    def started(self, record: StudyRecord, run: Run) -> None:
        """The study exists and workers are starting."""

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Something worth a line; with `banner`, something that must not be missed."""

    def updated(self, record: StudyRecord, run: Run) -> None:
        """The study as it is now; called about once a second, whether anything changed or not."""

    def finished(self, result: Result) -> None:
        """The run is over, also when it was interrupted."""


class Silent:
    """Watches without a word."""

    def started(self, record: StudyRecord, run: Run) -> None:
        """Nothing."""

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Nothing."""

    def updated(self, record: StudyRecord, run: Run) -> None:
        """Nothing."""

    def finished(self, result: Result) -> None:
        """Nothing."""
