"""A worker that is this very process: one trial after another, where a person can look on.

What a user's function prints is seen, `breakpoint` stops in it, and its errors are raised as they
are. Nothing watches whether it hangs: it may wait for a person.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tuner.workers.loop import Worker
from tuner.workers.orders import WorkerOrders

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

    from tuner.trials.work import Work
    from tuner.workers.loop import Prepared


class WorkerHere(Worker):
    """The loop of `Worker`, a step at a time.

    Args:
        orders: What it is told.
    """

    def __init__(self, orders: WorkerOrders) -> None:
        super().__init__(orders, threading.Event())
        self._ended = threading.Event()

    def steps(self) -> Iterator[None]:
        """Yields after each trial, until the study has its trials or it is asked to stop.

        Raises:
            Exception: Whatever a user's function raises, once its trial is stored as failed.
        """
        from tuner.storages.opening import open_storage
        from tuner.storages.patience import Patience

        threading.Thread(target=self._beat, daemon=True).start()
        try:
            patience = Patience(stopping=self.stopping)
            storage = open_storage(self.orders.storage, create=False, patience=patience)
            at = self._prepare(storage)
            while not self.stopping():
                task = self._next(*at)
                if task is None:
                    return
                if task:
                    self._train(*task)
                yield
        finally:
            self._ended.set()

    def _prepare(self, storage: BaseStorage) -> Prepared:
        work, asker, proving = super()._prepare(storage)
        return dataclasses.replace(work, raises=True), asker, proving

    def _train(self, trial: optuna.Trial, work: Work) -> None:
        from tuner.storages import claims

        try:
            super()._train(trial, work)
        except KeyboardInterrupt:
            claims.abandon(work.study, trial, "it was stopped while training")
            raise

    def _beat(self) -> None:
        """Renews the heartbeat of the running trial, also while a person looks at it."""
        from tuner.basics.optuna_private import set_attribute
        from tuner.records.keys import TrialKey
        from tuner.storages.heartbeats import HEARTBEAT_SECONDS

        while not self._ended.wait(HEARTBEAT_SECONDS):
            study, trial = self.study, self.current
            if study is None or trial is None:
                continue
            try:
                set_attribute(study, trial, TrialKey.HEARTBEAT, time.time())
            except Exception:  # the trial has just ended, or the main thread will meet the error
                continue
