"""Whether a model that met the target meets it again: fresh seeds, and images it never saw.

The best of many trainings by validation accuracy is a lucky one. Its configuration is therefore
trained from scratch with fresh seeds, on training and validation images together, and each result
is tested once on the test images. That training stopped at the first touch of the target, where
about half of all fresh ones are still below; the others go on for as long as it takes, by the
slope of its curve, to come two points further, at most to the horizon.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.optuna_private import set_state
from tuner.basics.seeds import derived_seed
from tuner.certificates import SEEDS
from tuner.certificates.companions import companion, has_companion
from tuner.certificates.recipe import LEVEL, one_sided_bound, training_epochs, verdict_of
from tuner.errors import UsageError
from tuner.records.certificates import (
    Certificate,
    Verdict,
    certificates,
    has_learnt,
    metric_fields,
)
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.objectives import objective_of
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages import claims

SUFFIX = "/certificates"
"""Behind a study's name: the study of the trainings that prove its recipes."""


def candidate(
    record: StudyRecord, number: int | None = None, seeds: int = SEEDS
) -> TrialRecord | None:
    """The trial to certify next: the incumbent, unless its certificate has as many seeds already.

    Args:
        record: A search.
        number: A trial to certify instead.
        seeds: How many the certificate shall have.

    Returns:
        The trial; None where nothing is left.

    Raises:
        UsageError: The study is a sweep, or that trial did not meet the target.
    """
    if record.target is None:
        raise UsageError(f"study {record.name!r} is a sweep and has no target to certify.")
    if number is None:
        best = record.incumbent
        known = None if best is None else record.certificates.get(best.number)
        return None if known is not None and known.planned >= seeds else best
    chosen = next((t for t in record.trials if t.number == number), None)
    if chosen is None or not chosen.reached:
        raise UsageError(
            f"trial {number} of study {record.name!r} did not meet the target: "
            "choose one with the outcome 'reached'; see 'tuner trials'."
        )
    return chosen


def begun(main: optuna.Study) -> optuna.Study | None:
    """The study of a search's certificates; None, and nothing is made, before there is one."""
    return companion(main, SUFFIX) if has_companion(main, SUFFIX) else None


class CertificateTrainings:
    """The trainings of one certificate, as trials of a study of their own.

    They are queued, claimed, lost and trained again as all trials are, so that any process may die
    at any moment; what comes of them is written into the main study once.
    """

    def __init__(self, study: optuna.Study, trial: TrialRecord, seeds: int = SEEDS) -> None:
        """Queues the trainings that are not queued yet.

        Args:
            study: The main study.
            trial: Its trial to certify.
            seeds: How many trainings.
        """
        self.main = study
        self.trial = trial
        self.planned = seeds
        before = certificates(study.user_attrs).get(trial.number)
        added = before is not None and seeds > before.planned
        self._decided = len(before.measured) if before is not None and added else 0
        spec = study.user_attrs[StudyKey.STUDY]
        self.target = objective_of(study.user_attrs).without_margin()
        self.metric = self.target.metric
        self.epochs = training_epochs(
            [e.val_measured for e in trial.history],
            int(spec["horizon"]),
            self.metric,
            self.target.unit,
        )
        self.study = companion(study, SUFFIX)
        trials = self.study.get_trials(deepcopy=False)
        # Lost ones are queued again as all trials are; those taken back at a verdict only where
        # seeds are added to it.
        judged = before is not None and not added
        kept = (t for t in trials if judged or claims.is_live(t) or TrialKey.LOST in t.user_attrs)
        queued = {claims.identity(t) for t in kept}
        dataset = next(iter(study.user_attrs[StudyKey.DATA]))
        seed = int(study.user_attrs[StudyKey.SEED])
        for index in range(seeds):
            attributes = {
                TrialKey.CELL: {"trial": trial.number, "training": index},
                TrialKey.SEED: derived_seed(seed, "certificate", trial.number, index),
                TrialKey.EPOCHS: self.epochs,
                **claims.expected_cost(trial.attributes, study.user_attrs),
            }
            if not claims.is_queued(attributes, dataset, queued):
                self.study.enqueue_trial(dict(trial.params), user_attrs=attributes)
        self._go_first()

    def _go_first(self) -> None:
        """Puts what is queued for other certificates, stopped before their end, behind this one."""
        waiting = self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        last = max((t.number for t in waiting if self._is_mine(t)), default=-1)
        before = [t for t in waiting if t.number < last and not self._is_mine(t)]
        for trial in before:
            with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                # False where a worker of another process has just taken it.
                if set_state(self.study, trial, TrialState.RUNNING):
                    claims.abandon(self.study, trial, "another certificate comes first")
        if before:
            claims.requeue(self.study)

    def _is_mine(self, trial: FrozenTrial) -> bool:
        return bool(trial.user_attrs.get(TrialKey.CELL, {}).get("trial") == self.trial.number)

    def mine(self) -> list[TrialRecord]:
        """This certificate's trainings, by number."""
        trials = self.study.get_trials(deepcopy=False)
        made = (TrialRecord.of(t, None, self.metric) for t in trials if self._is_mine(t))
        return list(made)

    def tested(self) -> list[TrialRecord]:
        """Those that have been tested, in the order of their seeds' index."""
        done = [t for t in self.mine() if t.test_measured is not None and t.outcome is not None]
        return sorted(done, key=lambda t: (t.cell or {}).get("training", 0))

    def failed(self) -> TrialRecord | None:
        """A training that could not be done at all."""
        return next((t for t in self.mine() if t.outcome in ("failed", "out_of_memory")), None)

    def verdict(self) -> Verdict | None:
        """What the trainings so far say; None while more are needed."""
        tested = self.tested()
        measured = [float(t.test_measured or 0.0) for t in tested]
        found = verdict_of(
            measured,
            self.target,
            self.planned,
            decided=self._decided,
            test_size=int(next(iter(self.main.user_attrs[StudyKey.DATA].values()))["test_size"]),
        )
        confusion = _summed([t.confusion for t in tested if t.confusion is not None])
        if found != "certified":
            return found
        # A target that one answer for all meets is met by models that have learnt nothing.
        learnt = has_learnt(confusion, float(np.mean(measured)), self.metric, _alone(tested))
        return "certified" if learnt else "refuted"

    @property
    def goal(self) -> int:
        """Ended trials that the companion study has when all that is queued is done."""
        trials = self.study.get_trials(deepcopy=False)
        return sum(TrialKey.OUTCOME in t.user_attrs or _is_open(t) for t in trials)

    def waiting(self) -> list[FrozenTrial]:
        """This certificate's trainings that are queued or under way."""
        trials = self.study.get_trials(deepcopy=False)
        return [t for t in trials if self._is_mine(t) and _is_open(t)]

    def drop(self) -> None:
        """Takes back what is queued or under way: the verdict is known."""
        for trial in self.waiting():
            # Not lost, so nobody queues it again.
            with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                if trial.state == TrialState.WAITING:
                    set_state(self.study, trial, TrialState.RUNNING)
                set_state(self.study, trial, TrialState.FAIL)

    def store(self, seconds: float, hardware: Mapping[str, Any]) -> Certificate:
        """Writes the verdict into the main study.

        Args:
            seconds: What the trainings took together.
            hardware: What they ran on.
        """
        tested = self.tested()
        verdict = self.verdict()
        assert verdict is not None
        accuracies = [float(t.test_measured or 0.0) for t in tested]
        data = next(iter(self.main.user_attrs[StudyKey.DATA].values()))
        fields = {
            "trial": self.trial.number,
            "verdict": verdict,
            "target": self.target.value,
            "level": LEVEL,
            "planned": self.planned,
            "seeds": [t.seed for t in tested],
            "accuracies": accuracies,
            "mean": float(np.mean(accuracies)),
            "bound": one_sided_bound(accuracies, self.metric, self.target.unit),
            "alone": _alone(tested),
            "examples": StudyRecord.of(self.main).examples,
            **metric_fields(self.metric),
            "epochs": self.epochs,
            "size": self.trial.size,
            "test_size": data["test_size"],
            "shared": data.get("shared"),
            "train_size": data["train_size"] + data["validation_size"],
            "data_hash": data["hash"],
            "versions": dict(tested[0].attributes.get(TrialKey.VERSIONS, {})),
            "hardware": dict(hardware),
            "seconds": round(seconds, 1),
            "confusion": _summed([t.confusion for t in tested if t.confusion is not None]),
            "model_files": [t.model_file for t in tested if t.model_file],
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        self.main.set_user_attr(f"{StudyKey.CERTIFICATE}{self.trial.number}", fields)
        return Certificate.of(fields)


def _alone(tested: Sequence[TrialRecord]) -> float | None:
    """What one answer for all test examples has; None of accuracy, whose confusion says it."""
    found = [a for t in tested if (a := t.attributes.get(TrialKey.ALONE)) is not None]
    return float(found[0]) if found else None


def _is_open(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.WAITING or claims.is_running(trial)


def _summed(matrices: Sequence[Sequence[Sequence[int]]]) -> list[list[int]] | None:
    if not matrices:
        return None
    total: list[list[int]] = np.sum(np.array(matrices, dtype=np.int64), axis=0).tolist()
    return total
