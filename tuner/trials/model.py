"""The proof of one model: trained on to its schedule's end, then one look at the test examples."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

import optuna

from tuner.basics.hardware import hardware
from tuner.basics.numbers import count
from tuner.basics.optuna_private import storage_of
from tuner.certificates.bounds import bound_of
from tuner.certificates.looks import budget_left
from tuner.certificates.models import ModelProofs
from tuner.errors import StorageError
from tuner.objectives.quantities import quantity_of
from tuner.records.certificates import has_learnt, metric_fields
from tuner.records.epochs import Epoch, read_history
from tuner.records.keys import SHORTFALL, Outcome, StudyKey, TrialKey
from tuner.records.objectives import objective_of
from tuner.spaces.custom_objects import read_model
from tuner.specs.spec import SearchStudy
from tuner.storages import claims, leftovers
from tuner.trials.base import TrialRun
from tuner.trials.work import Work


class ModelTrial(TrialRun):
    """The state of one running proof: nothing gates or prunes it.

    A trial of a search stops as soon as it has met the target. Its training goes on from there, by
    its own checkpoint, as if it had never been stopped. Where the checkpoint is not at hand it is
    trained again from the first epoch.
    """

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        super().__init__(trial, work)
        assert isinstance(work.spec, SearchStudy)
        self.quantity = quantity_of(work.spec.minimize)
        self.objective = objective_of(work.study.user_attrs).without_margin()
        self.metric = self.objective.metric
        self.main = optuna.load_study(
            study_name=work.study.user_attrs[StudyKey.CERTIFIES], storage=storage_of(work.study)
        )
        self.number = int(trial.user_attrs[TrialKey.CELL]["trial"])
        self.proves = self.main.get_trials(deepcopy=False)[self.number]
        self.bound = self.metric.worst

    @property
    def study_name(self) -> str:
        """The search that the training belongs to."""
        return self.main.study_name

    @property
    def name(self) -> str:
        """Of the files of the trial that is proven."""
        return leftovers.trial_stem(claims.root_of(self.proves))

    @property
    def met_after(self) -> int:
        """Epochs after which the trial had met the target."""
        return int(self.trial.user_attrs[TrialKey.EPOCHS])

    def report(self, epoch: Epoch) -> None:
        """Nothing: nothing prunes it."""

    def conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """Chooses the file by the validation examples, and looks at the test examples once."""
        file = self.work.results / str(self.proves.user_attrs[TrialKey.MODEL_FILE])
        if self.work.files is not None and not file.is_file():
            self.work.files.fetch(file)
        if self._is_better(outcome, file):
            self.save(model, file.name)
            epochs, seen = len(self.history), self.history[-1].val_measured
        else:
            model = self._stopped(file)
            epochs, seen = self.met_after, read_history(self.proves.user_attrs)[-1].val_measured
            self.stop("trained on, it fell below the target: the file is the one that met it")
        proofs = ModelProofs(self.main)
        level, earlier = proofs.begin_look(self.trial)
        y, scores = self.scores(model, "test")
        self.bound = bound_of(self.metric, y, scores, level)
        confusion = self.trial.user_attrs.get(TrialKey.CONFUSION)
        measured, alone = self.metric.of(y, scores), self.alone(y)
        learnt = has_learnt(confusion, measured, self.metric, alone)
        holds = self.objective.is_met(self.bound) and learnt
        self.main.set_user_attr(
            f"{StudyKey.MODEL_CERTIFICATE}{self.number}",
            {
                "trial": self.number,
                "verdict": "certified" if holds else "refuted",
                "target": self.objective.value,
                "level": level,
                "look": len(earlier) + 1,
                "left": budget_left([*earlier, holds]),
                "test_size": len(y),
                "accuracy": measured,
                "alone": alone,
                "examples": self.data.kind.plural,
                **metric_fields(self.metric),
                "bound": self.bound,
                "val_accuracy": seen,
                "epochs": epochs,
                "met_after": self.met_after,
                "trained": max(len(self.history) - self.met_after, 0),
                "size": self.trial.user_attrs[TrialKey.SIZE],
                **self._circumstances(file),
                "confusion": confusion,
            },
        )
        return "reached" if holds else "missed"

    def constrain(self, outcome: Outcome) -> None:
        """How far from the target the bound is."""
        self.trial.set_constraint(SHORTFALL, self.objective.reported(self.bound))

    def _is_better(self, outcome: Outcome, file: Path) -> bool:
        """Whether the model that was trained on takes the place of the one that was stopped.

        It does unless it fell below the target on the validation examples. The test examples have
        no say in it.
        """
        if outcome == "diverged":
            return False
        return self.objective.is_met(self.history[-1].val_measured) or not file.is_file()

    def _stopped(self, file: Path) -> Any:
        """The model as it was when it met the target.

        Raises:
            StorageError: Its file is gone.
        """
        if not file.is_file():
            raise StorageError(
                f"the model of trial {count(self.number)} is gone: {str(file)!r} is not there; put "
                "it back, or train again under another --results folder."
            )
        return read_model(file, self.work.spec.space)

    def _circumstances(self, file: Path) -> dict[str, Any]:
        """What it takes to repeat the proof, and where and when it was made."""
        data = next(iter(self.main.user_attrs[StudyKey.DATA].values()))
        return {
            "shared": data.get("shared"),
            "train_size": data["train_size"],
            "data_hash": data["hash"],
            "model_file": file.name,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "versions": dict(self.work.versions),
            "hardware": hardware(),
            "seconds": round(sum(e.seconds for e in self.history[self.met_after :]), 1),
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
