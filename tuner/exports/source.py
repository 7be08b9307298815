"""Which of a study's model files is exported, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuner.errors import ExportError, UsageError
from tuner.records import words
from tuner.records.certificates import Certificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord


@dataclass(frozen=True)
class Source:
    """A model file and where it comes from."""

    trial: TrialRecord
    certificate: Certificate | None
    """The trial's, also one that refuted it."""
    dataset: str
    """Which of the study's data sets."""
    file: Path
    seed: int | None
    """Of the training that made the file."""

    @property
    def certified(self) -> bool:
        """Whether the file is one of the trainings of a certificate."""
        found = self.certificate
        return found is not None and found.certified and self.file.name in found.model_files

    def verdict(self, study: str) -> str:
        """What stands behind the file's accuracy, in one sentence."""
        found = self.certificate
        command = f"tuner certify {study}"
        if found is None:
            return f"not certified: its accuracy is that of one lucky training; run {command}"
        seeds = words.several(len(found.accuracies), "fresh seed")
        seeds += f": mean {words.percent(found.mean, 2)}"
        if not found.certified:
            return f"refuted: the target {words.goal(found.target)} was not met over {seeds}"
        bound = "" if found.bound is None else f", at least {words.percent(found.at_least(2), 2)}"
        level = "" if found.bound is None else f" with {words.goal(found.level)} confidence"
        its_own = "" if self.certified else "; this file is the search's own training, not theirs"
        its_own += f"; {words.shared(found)}" if found.shared else ""
        return (
            f"certified: the target {words.goal(found.target)} is met on the test images "
            f"over {seeds}{bound}{level}{its_own}"
        )


def find_source(record: StudyRecord, folder: Path, number: int | None) -> Source:
    """The trial's model: of its certificate's trainings the first, else the trial's own.

    The first, not the best: choosing among a certificate's trainings would be choosing by test
    accuracy.

    Args:
        record: The study.
        folder: Its results folder.
        number: Of the trial; None for the incumbent.

    Raises:
        UsageError: There is no such trial, or nothing has met the target.
        ExportError: It has no model file, or the file is gone.
    """
    trial = _incumbent(record) if number is None else _trial(record, number)
    certificate = record.certificates.get(trial.number)
    name, seed = trial.model_file, trial.seed
    if certificate is not None and certificate.certified and certificate.model_files:
        name, seed = certificate.model_files[0], certificate.seeds[0]
    if name is None:
        raise ExportError(
            f"trial {trial.number} of {record.name!r} has no model file: a search keeps those of "
            f"trials that met the target, a sweep none; see 'tuner trials {record.name}'."
        )
    file = folder / name
    if not file.is_file():
        raise ExportError(
            f"the model file {str(file)!r} is gone; put it back, or name the folder that holds "
            f"{record.name}/{name} with --results (and --storage for the storage)."
        )
    dataset = trial.data_key or next(iter(record.data))
    return Source(trial, certificate, dataset, file, seed)


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
