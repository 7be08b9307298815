"""One training of a certificate: all images to learn from, a fresh seed, one look at the test."""

from __future__ import annotations

from typing import Any

import optuna

from tuner.records.epochs import Epoch
from tuner.records.keys import SHORTFALL, Outcome, TrialKey
from tuner.records.objectives import objective_of
from tuner.specs.spec import SearchStudy
from tuner.storages import leftovers
from tuner.training.examples import Examples
from tuner.trials.base import TrialRun
from tuner.trials.work import Work


class CertificateTrial(TrialRun):
    """The state of one running training: nothing gates, prunes or validates it."""

    def __init__(self, trial: optuna.Trial, work: Work) -> None:
        super().__init__(trial, work)
        assert isinstance(work.spec, SearchStudy)
        self.objective = objective_of(work.study.user_attrs).without_margin()
        self.metric = self.objective.metric
        self.horizon = int(trial.user_attrs[TrialKey.EPOCHS])
        self.measured = self.metric.worst

    @property
    def name(self) -> str:
        """By the trial that is certified, and which of the trainings this is."""
        return leftovers.certificate_stem(self.trial.user_attrs[TrialKey.CELL])

    def examples(self) -> Examples:
        """Training and validation examples together, but for a `fit` of the user's own."""
        return self.learning.examples("learning")

    def report(self, epoch: Epoch) -> None:
        """Nothing: nothing is validated."""

    def conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """The only look at the test images."""
        self.save(model, f"{self.name}.keras")
        self.measured = self.test(model)
        if outcome == "diverged":
            return outcome
        return "reached" if self.objective.is_met(self.measured) else "missed"

    def constrain(self, outcome: Outcome) -> None:
        """How far from the target the test came."""
        self.trial.set_constraint(SHORTFALL, self.objective.reported(self.measured))
