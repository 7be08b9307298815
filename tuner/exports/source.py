"""Which of a study's model files is exported, and what stands behind it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import ExportError, UsageError
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.records import words
from tuner.records.certificates import Certificate
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages.sent_files import SentFiles


@dataclass(frozen=True)
class Source:
    """A model file and where it comes from."""

    trial: TrialRecord
    model: ModelCertificate | None
    """Of this very file, also one that refuted it."""
    recipe: Certificate | None
    """Of its configuration, also one that refuted it."""
    dataset: str
    """Which of the study's data sets."""
    file: Path
    seed: int | None
    """Of the training that made the file."""
    epochs: int
    """That the file was trained for."""
    metric: str = DEFAULT_METRIC.title
    """What its study measures, in words."""

    @property
    def certified(self) -> bool:
        """Whether it is proven of the file that it meets the target."""
        return self.model is not None and self.model.certified

    def verdict(self, study: str) -> str:
        """What stands behind the file, in one sentence."""
        if self.model is None:
            unproven = words.UNPROVEN_MODEL.format(metric=self.metric)
            return f"{unproven}; run tuner certify {study}"
        return words.verdict(self.model)

    @property
    def recipe_verdict(self) -> str:
        """What stands behind its configuration, in one sentence."""
        return words.UNPROVEN_RECIPE if self.recipe is None else words.verdict(self.recipe)

    def check_proven(self) -> None:
        """Refuses a file that is not the one of which something was proven.

        Raises:
            ExportError: It is another, or cannot be read.
        """
        if self.model is None:
            return
        try:
            with self.file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ExportError(f"cannot read {str(self.file)!r}: {why}.") from error
        if digest != self.model.sha256:
            raise ExportError(
                f"{str(self.file)!r} has changed since the look at the test images that trial "
                f"{self.trial.number} was proven with (SHA-256 {self.model.sha256[:12]}, now "
                f"{digest[:12]}); put back the file that the search wrote."
            )


def find_source(
    record: StudyRecord, folder: Path, number: int | None, files: SentFiles | None = None
) -> Source:
    """The trial's model, as its file is: where it was proven, what was proven.

    Args:
        record: The study.
        folder: Its results folder.
        number: Of the trial; None for the incumbent.
        files: Bring a file that only the search's artifact store has.

    Raises:
        UsageError: There is no such trial, or nothing has met the target.
        ExportError: It has no model file, or the file is gone.
        ArtifactError: The artifact store cannot be read.
    """
    trial = _incumbent(record) if number is None else _trial(record, number)
    model = record.model_certificates.get(trial.number)
    recipe = record.certificates.get(trial.number)
    name = trial.model_file if model is None else model.model_file
    if name is None:
        raise ExportError(
            f"trial {trial.number} of {record.name!r} has no model file: a search keeps those of "
            f"trials that met the target, a sweep none; see 'tuner trials {record.name}'."
        )
    file = folder / name
    if not file.is_file() and not (files is not None and files.fetch(file)):
        raise ExportError(
            f"the model file {str(file)!r} is gone; put it back, or name the folder that holds "
            f"{record.name}/{name} with --results (and --storage for the storage)."
        )
    dataset = trial.data_key or next(iter(record.data))
    epochs = trial.epochs if model is None else model.epochs
    seed, metric = trial.seed, record.metric.title
    return Source(trial, model, recipe, dataset, file, seed, epochs, metric)


def _incumbent(record: StudyRecord) -> TrialRecord:
    best = record.incumbent
    if best is None:
        why = "is a sweep and has no winner" if record.target is None else "has nothing to export"
        met = "" if record.target is None else ": no trial has met the target"
        raise UsageError(f"study {record.name!r} {why}{met}; see 'tuner trials {record.name}'.")
    return best


def _trial(record: StudyRecord, number: int) -> TrialRecord:
    found = next((t for t in record.trials if t.number == number), None)
    if found is None:
        raise UsageError(
            f"study {record.name!r} has no trial {number}; see 'tuner trials {record.name}'."
        )
    return found
