"""A trial of a sweep: trained to the horizon as Keras by itself would, then tested."""

from __future__ import annotations

from typing import Any, ClassVar

from tuner.records.epochs import Epoch
from tuner.records.keys import Outcome
from tuner.trials.base import TrialRun


class SweepTrial(TrialRun):
    """The state of one running trial of a sweep."""

    settled: ClassVar[bool] = False

    def report(self, epoch: Epoch) -> None:
        """How far the metric is from the best that there is."""
        self.trial.report(
            self.metric.missing(epoch.val_measured, self.metric.origin), step=epoch.epoch
        )

    def constrain(self, outcome: Outcome) -> None:
        """Nothing: no trial of a sweep can miss anything."""

    def conclude(self, model: Any, outcome: Outcome) -> Outcome:
        """A sweep chooses nothing, so its test accuracies mislead nobody."""
        self.test(model)
        return outcome
