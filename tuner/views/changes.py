"""What happened between two looks at a study, as a list of changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optuna.trial import TrialState

from tuner.records.certificates import Certificate
from tuner.records.epochs import Epoch
from tuner.records.model_certificates import ModelCertificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

Kind = Literal[
    "trial_started", "epoch", "trial_ended", "incumbent", "certificate", "model_certificate"
]


@dataclass(frozen=True)
class Change:
    """One thing that happened to one trial; each certificate is that kind's."""

    kind: Kind
    trial: TrialRecord
    epoch: Epoch | None = None
    certificate: Certificate | None = None
    model_certificate: ModelCertificate | None = None


class Changes:
    """Compares successive records of one study.

    What had ended before the first record is not told again. Each trial is told in order: started
    (a gated one as a rule is not), its epochs, ended, and that it is the incumbent now.
    """

    def __init__(self, record: StudyRecord) -> None:
        self._ended = {t.number for t in record.trials if t.state.is_finished()}
        self._started = set(self._ended)
        self._epochs: dict[int, int] = {}
        self._incumbent = _incumbent_number(record)
        self._certificates = _verdicts(record)
        self._models = set(record.model_certificates)

    def since(self, record: StudyRecord) -> list[Change]:
        """What is new in `record`."""
        changes: list[Change] = []
        for trial in record.trials:
            if trial.number not in self._ended and trial.state != TrialState.WAITING:
                changes += self._of(trial)
        by_number = {t.number: t for t in record.trials}
        for number, model in record.model_certificates.items():
            if number not in self._models:
                self._models.add(number)
                trial = by_number[number]
                changes.append(Change("model_certificate", trial, model_certificate=model))
        for key in sorted(_verdicts(record) - self._certificates):
            self._certificates.add(key)
            number, _ = key
            recipe = record.certificates[number]
            changes.append(Change("certificate", by_number[number], certificate=recipe))
        incumbent = record.incumbent if record.target is not None else None
        if incumbent is not None and incumbent.number != self._incumbent:
            changes.append(Change("incumbent", incumbent))
            self._incumbent = incumbent.number
        return changes

    def _of(self, trial: TrialRecord) -> list[Change]:
        changes: list[Change] = []
        if trial.number not in self._started and trial.outcome != "gated":
            # Without a size the model is still being built, and most that are gated end there.
            if trial.size is None and not trial.state.is_finished():
                return changes
            changes.append(Change("trial_started", trial))
            self._started.add(trial.number)
        seen = self._epochs.get(trial.number, 0)
        new = [e for e in trial.history if e.epoch > seen]
        changes += [Change("epoch", trial, e) for e in new]
        if new:
            self._epochs[trial.number] = new[-1].epoch
        if trial.state.is_finished():
            changes.append(Change("trial_ended", trial))
            self._ended.add(trial.number)
        return changes


def _incumbent_number(record: StudyRecord) -> int | None:
    incumbent = record.incumbent if record.target is not None else None
    return incumbent.number if incumbent else None


def _verdicts(record: StudyRecord) -> set[tuple[int, int]]:
    """The certificates of recipes: a trial's number, and how many seeds; more may be added."""
    return {(number, len(c.seeds)) for number, c in record.certificates.items()}
