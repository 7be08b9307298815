"""What came of a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuner.objectives.proof import Prove
from tuner.records.certificates import Certificate
from tuner.records.model_certificates import ModelCertificate
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
    """The command that goes on with it; empty where it is the cell of a notebook that does."""
    exhausted: bool = False
    """Whether it ended before it had its trials, because nothing was left that could be trained."""
    certifiable: bool = True
    """Whether its test images can prove anything: few of them were learned from."""

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
        """Of the recipe of the best model, where it has one."""
        return self.record.certificate

    @property
    def model_certificate(self) -> ModelCertificate | None:
        """Of the best model itself, where it has one."""
        return self.record.model_certificate

    @property
    def model_file(self) -> Path | None:
        """The best model's ``.keras`` file."""
        best = self.best
        return self.results / best.model_file if best and best.model_file else None


@dataclass(frozen=True)
class CertificateResult:
    """What came of proving something of one trial."""

    record: StudyRecord
    number: int | None
    """The trial that was asked for; None: the smallest that can be proven."""
    prove: Prove
    """What was asked for."""
    interrupted: bool

    @property
    def trial(self) -> TrialRecord | None:
        """The trial in question."""
        if self.number is None:
            return self.record.incumbent
        return next(t for t in self.record.trials if t.number == self.number)

    @property
    def model(self) -> ModelCertificate | None:
        """Of its model; None where there is none."""
        return None if self.trial is None else self.record.model_certificates.get(self.trial.number)

    @property
    def recipe(self) -> Certificate | None:
        """Of its recipe; None where there is none."""
        return None if self.trial is None else self.record.certificates.get(self.trial.number)

    @property
    def holds(self) -> bool:
        """Whether all that was asked for is proven."""
        model = self.model is not None and self.model.certified
        recipe = self.recipe is not None and self.recipe.certified
        return {"both": model and recipe, "model": model, "recipe": recipe}.get(self.prove, False)
