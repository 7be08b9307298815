"""How far a session is, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord


@dataclass(frozen=True)
class CertificateProgress:
    """A recipe's certificate in the making."""

    trial: TrialRecord
    """Whose configuration is trained again."""
    planned: int
    """How many trainings it takes."""
    epochs: int
    """How long each of them is."""
    measured: tuple[float, ...]
    """The metric of those that have been tested, on the test images."""
    trainings: tuple[TrialRecord, ...]
    """Those under way."""


@dataclass(frozen=True)
class ModelProgress:
    """The proof of a model in the making."""

    trial: TrialRecord
    """Whose model is trained on."""
    epochs: int
    """Epochs that it has been trained for, those of the trial among them."""
    horizon: int
    """Epochs that it will have been trained for."""


@dataclass(frozen=True)
class RunProgress:
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
    elsewhere: bool = False
    """Whether all workers are started by others, with ``tuner worker``."""
    machines: Mapping[str, int] = field(default_factory=dict)
    """Trials under way by the name of the machine; those of proofs and certificates left out."""
    certifying: CertificateProgress | None = None
    proving: ModelProgress | None = None


def machines(record: StudyRecord) -> dict[str, int]:
    """How many trials each machine is training, by its name."""
    found: dict[str, int] = {}
    for trial in record.trials:
        worker = trial.attributes.get(TrialKey.WORKER)
        if trial.state.name == "RUNNING" and worker is not None:
            found[worker["host"]] = found.get(worker["host"], 0) + 1
    return dict(sorted(found.items()))


def remaining(
    record: StudyRecord, goal: int, elapsed: float, before: int, epochs_before: int
) -> float | None:
    """Seconds that are left, as fast as it went in this run.

    Args:
        record: The study as it is now.
        goal: Trials that it shall have.
        elapsed: Seconds since this run began.
        before: Trials that it had then.
        epochs_before: Epochs that had been trained by then.

    Returns:
        The estimate; None before anything is known.
    """
    if record.target is not None:
        done = record.done - before
        return elapsed / done * max(0, goal - record.done) if done else None
    # A sweep trains all of its epochs, so it is known long before a training has ended.
    epochs = record.epochs_spent - epochs_before
    left = goal * record.horizon - record.epochs_kept
    return elapsed / epochs * max(0, left) if epochs else None
