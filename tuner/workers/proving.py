"""When a worker proves a model that the search has found, before it asks for another trial.

A model that met the target by luck costs all the trials that look below it. So the smallest is
proven as soon as it met the target, while proofs take a small share of the epochs; in the last
fifth of the trials whatever they take; and at the end where that has not been done, up to the
first that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.certificates.models import ModelProofs
from tuner.records.epochs import stored_epochs
from tuner.records.keys import TrialKey
from tuner.records.model_certificates import model_certificates
from tuner.storages import claims
from tuner.trials.work import Work
from tuner.workers.orders import WorkerOrders

LATE = 0.8
"""From this share of the trials on, an incumbent is proven as soon as there is one."""

SHARE = 0.08
"""Of all epochs that a search is going to take, those of proofs may be as many before `LATE`."""

USUAL = 50
"""So many trials is a search taken to have that ends where another gains little."""


class Proving:
    """The proofs of models that one worker makes.

    Args:
        work: Of the search.
        orders: The worker's.
    """

    def __init__(self, work: Work, orders: WorkerOrders) -> None:
        self._search = work
        self.orders = orders
        self._proofs: ModelProofs | None = None
        self.work: Work | None = None
        """What the proofs share, once there are any."""

    def next(
        self, trials: Sequence[FrozenTrial], *, asks: bool, ended: bool
    ) -> optuna.Trial | None:
        """The proof that this worker is to make now, claimed; None where there is none.

        Args:
            trials: Of the search.
            asks: Whether a trial would be asked for now if there were no proof to make.
            ended: Whether nothing is left to train.
        """
        if not self.orders.proves_models:
            return None
        self._find()
        if self._proofs is not None:
            claims.reap(self._proofs.study)
            if self._proofs.running() is not None:
                return None
        if self._proofs is None or not self._proofs.is_open():
            wanted = self._wanted(trials, asks, ended)
            if wanted is None:
                return None
            proofs = self._proofs or self._take_up(ModelProofs(self._search.study))
            proofs.queue(wanted)
        return self._claim()

    def waits(self) -> bool:
        """Whether another worker is making a proof on whose verdict more may depend."""
        return self._proofs is not None and self._proofs.is_open()

    def _wanted(self, trials: Sequence[FrozenTrial], asks: bool, ended: bool) -> FrozenTrial | None:
        """The trial whose model is to be proven now."""
        judged = set(model_certificates(self._search.study.user_attrs))
        if self._proofs is not None:
            judged |= self._proofs.failed()
        if (chosen := self.orders.prove_trial) is not None:
            return None if chosen in judged else trials[chosen]
        best = claims.incumbent(self._search.study)
        if best is None or best.number in judged:
            return None
        late = claims.trained(trials) >= LATE * self.orders.goal
        return best if ended or late or (asks and self._may_cost(trials, best)) else None

    def _may_cost(self, trials: Sequence[FrozenTrial], best: FrozenTrial) -> bool:
        """Whether a proof now would leave most of the epochs that are to come to the search."""
        spent = sum(len(stored_epochs(t.user_attrs)) for t in trials)
        trained = max(claims.trained(trials), 1)
        goal = USUAL if self.orders.until_little_gain else self.orders.goal
        expected = spent * max(goal / trained, 1.0)
        proofs = sum(c.trained for c in model_certificates(self._search.study.user_attrs).values())
        costs = self._search.spec.horizon - len(stored_epochs(best.user_attrs))
        return proofs + costs <= SHARE * expected

    def _find(self) -> None:
        """Takes up the proofs that another process has begun."""
        if self._proofs is None and (begun := ModelProofs.begun(self._search.study)) is not None:
            self._take_up(begun)

    def _take_up(self, proofs: ModelProofs) -> ModelProofs:
        self._proofs = proofs
        self.work = replace(self._search, study=proofs.study, proves="model")
        return proofs

    def _claim(self) -> optuna.Trial | None:
        """Takes the queued proof; None where another worker was faster."""
        assert self._proofs is not None
        study = self._proofs.study
        if not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            return None
        trial = study.ask()
        claims.claim(trial)
        found = self._proofs.trials()
        if TrialKey.CELL not in found[trial.number].user_attrs:
            claims.abandon(study, trial, "nothing was left to prove")
            return None
        before = any(claims.is_running(t) and t.number < trial.number for t in found)
        if claims.superseded(trial.number, found):
            claims.abandon(study, trial, "another trial is the same")
            return None
        if before:
            claims.abandon(study, trial, "another proof comes first")
            claims.requeue(study)
            return None
        return trial
