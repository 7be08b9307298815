"""What came of a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuner.records.certificates import Certificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.sessions.progress import RunProgress

Status = Literal["met", "not_met", "complete", "interrupted"]
"""How a search ended. ``complete``: a sweep has trained all of its grid."""


@dataclass(frozen=True)
class Result:
    """What a search found."""

    status: Status
    record: StudyRecord
    run: RunProgress
    results: Path
    """The study's folder, with its ``.keras`` files."""
    resume: str
    """The command that goes on with it."""
    exhausted: bool = False
    """Whether it ended before it had its trials, because nothing was left that could be trained."""
    certifiable: bool = True
    """Whether its test images can certify anything: few of them were learned from."""

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
class CertificateResult:
    """What came of certifying."""

    certificate: Certificate | None
    """The latest; None where it was interrupted or there was nothing to certify."""
    record: StudyRecord
    interrupted: bool
