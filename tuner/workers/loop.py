"""A worker: a process that loops ask, train, tell on the shared storage.

`tuner.workers.process` runs it. The parent's end of the channel stays open: a message asks the
worker to stop after some thousand images, and its closing means that whoever started the worker is
dead, so that the worker ends too.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Literal

from tuner.workers.movement import Movement, whereabouts
from tuner.workers.orders import EXIT_DONE, EXIT_HANGS, EXIT_RECYCLE, WorkerOrders

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

    from tuner.trials.work import Work
    from tuner.workers.asker import Asker
    from tuner.workers.following import Following
    from tuner.workers.proving import Proving

    Prepared = tuple[Work, Asker, Proving]

    Task = tuple[optuna.Trial, Work] | Literal[False]
    """A claimed trial with what it belongs to; `IDLE`."""

IDLE: Literal[False] = False

TRIALS_A_PROCESS = 200

GROWTH_ALLOWED = 1_500 * 2**20
"""Bytes that a worker may grow beyond its size after its first trial."""

IDLE_SECONDS = 1.0


class Worker:
    """The loop, and what it keeps between trials.

    Args:
        orders: What it is told.
        stop: Set to ask it to stop.
        storage: The storage, where it is reached in another way than by the URL in the orders.
        alone: Whether nothing else runs in its process, so that it may choose what that imports.
    """

    def __init__(
        self,
        orders: WorkerOrders,
        stop: threading.Event,
        storage: BaseStorage | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self.orders = orders
        self._storage = storage
        self._alone = alone
        self._thread = threading.main_thread()
        self.stop = stop
        self.current: optuna.Trial | None = None
        self.study: optuna.Study | None = None
        self.movement = Movement()
        self.done = 0
        self.base_memory: int | None = None

    def stopping(self) -> bool:
        """Whether the user or the time limit asks to stop; asked wherever the worker gets on."""
        if threading.current_thread() is self._thread:
            self.movement.passes(training=self.current is not None)
        deadline = self.orders.deadline
        return self.stop.is_set() or (deadline is not None and time.time() >= deadline)

    def run(self) -> int:
        """Works until the study has its trials; returns the exit code."""
        self._thread = threading.current_thread()
        threading.Thread(target=self._beat, daemon=True).start()
        storage = self._storage or self._open()
        follows = self._follows(storage)
        at = self._prepare(storage)
        while not self.stopping():
            if self._memory_is_up():
                return EXIT_RECYCLE
            if follows is not None:
                at = self._follow(follows, storage, at)
            task = self._next(*at)
            if task is None:
                if follows is None or self._may_leave(follows):
                    break
            elif task:
                self._train(*task)
        return EXIT_DONE

    def _open(self) -> BaseStorage:
        from tuner.storages.opening import open_storage
        from tuner.storages.patience import Patience

        patience = Patience(stopping=self.stopping)
        return open_storage(self.orders.storage, create=False, worker=True, patience=patience)

    def _prepare(self, storage: BaseStorage) -> Prepared:
        """What the study that the orders name needs."""
        with self._lean_imports(storage):
            from tuner.workers import prepare
            from tuner.workers.proving import Proving

        work, asker = prepare.prepare(self.orders, storage, self.stopping)
        self.study = work.study
        return work, asker, Proving(work, self.orders)

    def _lean_imports(self, storage: BaseStorage) -> AbstractContextManager[None]:
        """Keras without what it imports only for its wrappers of scikit-learn.

        They take a second of every worker's start. Nothing of ours uses them; what a user's space
        does, nobody knows, so there they stay.
        """
        import optuna

        from tuner.basics.code import is_own
        from tuner.basics.importing import left_out
        from tuner.records.keys import StudyKey

        if not self._alone:
            return nullcontext()
        study = optuna.load_study(study_name=self.orders.study_name, storage=storage)
        own = is_own(study.user_attrs[StudyKey.STUDY]["space"])
        return left_out("sklearn") if own else nullcontext()

    def _follows(self, storage: BaseStorage) -> Following | None:
        """What a worker that was started elsewhere looks at; None for others."""
        if not self.orders.follows:
            return None
        import optuna

        from tuner.workers.following import Following

        found = Following(optuna.load_study(study_name=self.orders.main, storage=storage))
        self.orders = found.orders(self.orders)
        return found

    def _follow(self, follows: Following, storage: BaseStorage, at: Prepared) -> Prepared:
        """Takes up what the study wants now; loads what another study than before needs."""
        before, self.orders = self.orders, follows.orders(self.orders)
        if self.orders is before:
            return at
        if self.orders.study_name != before.study_name:
            return self._prepare(storage)
        work, asker, proving = at
        asker.orders = proving.orders = self.orders
        if self.orders.pruner != before.pruner:
            from tuner.workers.prepare import pruner_of

            work.study.pruner = pruner_of(self.orders, work.study, work.spec)
        return at

    def _may_leave(self, follows: Following) -> bool:
        """Whether a worker that was started elsewhere has nothing left to wait for."""
        follows.nothing_left(self.orders)
        if follows.is_over():
            return True
        time.sleep(IDLE_SECONDS)
        return False

    def _next(self, work: Work, asker: Asker, proving: Proving) -> Task | None:
        """What to train next; `IDLE` where there is nothing now, None where all is done."""
        from tuner.storages import claims

        study = work.study
        claims.reap(study)
        trials = study.get_trials(deepcopy=False)
        running = sum(claims.is_running(t) for t in trials)
        state = asker.state(trials)
        asks = state == "ask" and asker.done(trials) + running < self.orders.goal
        proof = proving.next(trials, asks=asks, ended=state == "done")
        if proof is not None:
            assert proving.work is not None
            return proof, proving.work
        if state == "done" and not proving.waits():
            return None
        if not asks:
            time.sleep(IDLE_SECONDS)
            return IDLE
        trial = asker.ask(trials)
        claims.claim(trial)
        trials = study.get_trials(deepcopy=False)
        if claims.superseded(trial.number, trials):
            claims.abandon(study, trial, "another trial is the same")
            return IDLE
        if asker.unwanted(trial, trials):
            claims.abandon(study, trial, "the study had all its trials")
            return IDLE
        return trial, work

    def _train(self, trial: optuna.Trial, work: Work) -> None:
        from tuner.records.keys import TRAINED
        from tuner.trials.run import run

        self.movement.passes(training=False)
        self.current = trial
        try:
            outcome = run(trial, work)
        finally:
            self.current = None
        self.done += outcome in TRAINED

    def _beat(self) -> None:
        """Renews the heartbeat of the running trial, and ends the worker where it hangs."""
        from tuner.basics.optuna_private import set_attribute
        from tuner.records.keys import TrialKey
        from tuner.storages.heartbeats import HEARTBEAT_SECONDS

        while True:
            time.sleep(HEARTBEAT_SECONDS)
            if (why := self.movement.hangs()) is not None:
                _give_up(why, self._thread)
            if self.study is None or (trial := self.current) is None:
                continue
            try:
                set_attribute(self.study, trial, TrialKey.HEARTBEAT, time.time())
            except Exception:  # the trial has just ended, or the main thread will meet the error
                continue

    def _memory_is_up(self) -> bool:
        import psutil

        used = psutil.Process().memory_info().rss
        if self.done and self.base_memory is None:
            self.base_memory = used
            # What the backend made for its first training stays; collecting garbage after each
            # trial would walk through all of it, half a second long.
            gc.freeze()
        grown = used - self.base_memory if self.base_memory else 0
        return self.done >= TRIALS_A_PROCESS or grown > GROWTH_ALLOWED


def _give_up(why: str, thread: threading.Thread) -> None:
    """Writes where each thread is into the worker's log, and ends the process at once."""
    said = f"this worker {why}, at {whereabouts(thread)}, and is ended; its threads were here:"
    print(said, file=sys.stderr, flush=True)
    faulthandler.dump_traceback(sys.stderr)
    os._exit(EXIT_HANGS)
