"""A trial whose model is trained by the hypermodel's own `fit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tuner.records.epochs import Epoch
from tuner.records.keys import Outcome
from tuner.training.checkpoints import Checkpoint
from tuner.training.own_fit import Fitting

Judge = Callable[[Epoch], Outcome | None]


class Fitted:
    """One training by `fit`, as a trial sees it.

    Args:
        fitting: The training.
        judge: The outcome where a training ends with an epoch; None where it goes on.
        note: Stores and reports an epoch of this process.
        amend: Stores what the latest epoch turned out to be, once `fit` has ended.
        take_over: Stores and reports the epochs of a process that died.
    """

    def __init__(
        self,
        fitting: Fitting,
        judge: Judge,
        note: Callable[[Epoch], None],
        amend: Callable[[Epoch], None],
        take_over: Callable[[list[Epoch]], None],
    ) -> None:
        self._fitting = fitting
        self._judge = judge
        self._note = note
        self._amend = amend
        self._take_over = take_over
        self._outcome: Outcome | None = None
        self._told = 0

    def train(self, model: Any, checkpoint: Checkpoint) -> Outcome:
        """Trains a model that was just built.

        Args:
            model: It.
            checkpoint: Where the training was when its process died, and where it comes to.
        """
        before = list(checkpoint.history)
        # Its worker may have died after the epoch that was the last, before it said so.
        over = bool(before) and (
            self._judge(before[-1]) == "reached" or len(before) >= self._fitting.most
        )
        if not over:
            self._fitting.run(model, lambda epoch: self._tell(epoch, before), checkpoint)
        if before and not self._told:  # nothing was left of it
            self._take_over(before)
            self._restore(model, checkpoint)
            return self._judge(before[-1]) or "missed"
        if self._outcome == "reached":
            checkpoint.complete(model)
        return self._outcome or "missed"

    def _tell(self, epoch: Epoch, before: list[Epoch]) -> bool:
        if epoch.epoch == self._told:
            self._amend(epoch)
        else:
            if not self._told and epoch.epoch == len(before) + 1:
                self._take_over(before)
            self._note(epoch)
        self._told = epoch.epoch
        self._outcome = self._judge(epoch)
        return self._outcome is not None

    def _restore(self, model: Any, checkpoint: Checkpoint) -> None:
        if not model.built:
            examples = self._fitting.examples
            model(examples.first())
        checkpoint.resume(model, np.random.default_rng(self._fitting.seed))
