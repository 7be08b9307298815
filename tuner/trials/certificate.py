"""One training of a certificate: all images to learn from, a fresh seed, one look at the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna

from tuner.objectives.model_cost import ModelCost
from tuner.records.epochs import Epoch
from tuner.records.keys import SHORTFALL, Outcome, TrialKey
from tuner.specs.spec import SearchStudy
from tuner.storages import claims
from tuner.training.failures import diverged
from tuner.training.loop import Images
from tuner.trials.base import TakenOverError, TrialRun, Work, finite


class ProofRun(TrialRun):
    """The state of one running training: nothing gates, stops or validates it."""

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        super().__init__(trial, work)
        assert isinstance(self.spec, SearchStudy)
        self.target = self.spec.target
        self.horizon = int(trial.user_attrs[TrialKey.EPOCHS])

    def _gated(self, cost: ModelCost) -> bool:
        return False

    def _images(self) -> Images:
        x, y = self.data.learning()
        return Images(x, y, x[:0], np.asarray(y)[:0], len(self.data.classes))

    def _report(self, epoch: Epoch) -> None:
        # No shortfall to report: nothing is validated.
        if not claims.is_mine(self.work.study, self.trial):
            raise TakenOverError
        self.history.append(epoch)
        self.trial.set_user_attr(TrialKey.HISTORY, [finite(e) for e in self.history])

    def _verdict(self, epoch: Epoch, cost: ModelCost) -> Outcome | None:
        return "diverged" if diverged(epoch) else None

    def _conclude(self, model: Any, outcome: Outcome) -> Outcome:
        cell = self.trial.user_attrs[TrialKey.CELL]
        self._save(model, f"certificate-{cell['trial']:04d}-{cell['training']}.keras")
        self.accuracy = self._test(model)
        if outcome == "diverged":
            return outcome
        return "reached" if self.accuracy >= self.target else "missed"

    def _constrain(self, outcome: Outcome) -> None:
        self.trial.set_constraint(SHORTFALL, self.target - self.accuracy)
