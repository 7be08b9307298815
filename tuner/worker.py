"""A worker: a process that loops ask, train, tell on the shared storage.

Started by `tuner.launch` as ``python -m tuner.worker`` with its orders, one line of JSON, on
standard input. The pipe stays open: a second line asks the worker to stop after the running epoch,
and its end means that whoever started the worker is dead, so that the worker ends too.
Standard output carries, at most, one line of JSON: an error that ends the whole search.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.orders import Orders

if TYPE_CHECKING:
    import optuna

    from tuner.trial import Work

EXIT_DONE = 0
EXIT_ERROR = 2
EXIT_RECYCLE = 75
"""The worker asks to be replaced: many models and layers leave something behind in memory."""

TRIALS_A_PROCESS = 200
GROWTH_ALLOWED = 1_500 * 2**20
"""Bytes that a worker may grow beyond its size after its first trial."""
IDLE_SECONDS = 1.0


class Worker:
    """The loop, and what it keeps between trials."""

    def __init__(self, orders: Orders, stop: threading.Event) -> None:
        self.orders = orders
        self.stop = stop
        self.current: int | None = None
        self.done = 0
        self.base_memory: int | None = None

    def stopping(self) -> bool:
        """Whether the user or the time limit asks to stop."""
        deadline = self.orders.deadline
        return self.stop.is_set() or (deadline is not None and time.time() >= deadline)

    def run(self) -> int:
        """Works until the study has its trials; returns the exit code."""
        from tuner import preparation
        from tuner.storage import open_storage

        storage = open_storage(self.orders.storage, create=False, worker=True)
        work, asker = preparation.prepare(self.orders, storage, self.stopping)
        threading.Thread(target=self._beat, args=(storage,), daemon=True).start()
        while not self.stopping():
            if self._memory_is_up():
                return EXIT_RECYCLE
            trial = self._next(work, asker)
            if trial is None:
                break
            if trial is not False:
                self._train(trial, work)
        return EXIT_DONE

    def _next(self, work: Work, asker: Any) -> Any:
        """The next claimed trial; False when there is none at the moment, None when all is done."""
        from tuner import ledger

        study = work.study
        ledger.reap(study)
        trials = study.get_trials(deepcopy=False)
        running = sum(ledger.is_running(t) for t in trials)
        state = asker.state(trials)
        if state == "done":
            return None
        if state == "wait" or asker.done(trials) + running >= self.orders.goal:
            time.sleep(IDLE_SECONDS)
            return False
        trial = asker.ask(trials)
        ledger.claim(trial)
        trials = study.get_trials(deepcopy=False)
        if ledger.superseded(trial.number, trials):
            ledger.abandon(study, trial, "another trial is the same")
            return False
        if asker.unwanted(trial, trials):
            ledger.abandon(study, trial, "the study had all its trials")
            return False
        return trial

    def _train(self, trial: optuna.Trial, work: Work) -> None:
        from tuner import trial as one
        from tuner.record import TRAINED

        self.current = trial._trial_id
        try:
            outcome = one.run(trial, work)
        finally:
            self.current = None
        self.done += outcome in TRAINED

    def _beat(self, storage: Any) -> None:
        """Renews the heartbeat of the running trial, for workers on other machines."""
        from tuner.ledger import HEARTBEAT_SECONDS
        from tuner.record import TrialKey

        while True:
            time.sleep(HEARTBEAT_SECONDS)
            if (trial_id := self.current) is None:
                continue
            try:
                storage.set_trial_user_attr(trial_id, TrialKey.HEARTBEAT, time.time())
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


def _listen(stop: threading.Event) -> None:
    """Any line asks to stop; the end of the pipe means that the starter is dead."""
    for _ in sys.stdin:
        stop.set()
    os._exit(EXIT_DONE)


def set_up(environment: dict[str, str], cpus: list[int]) -> None:
    """Makes this process what its placement says, before it imports a backend."""
    os.environ.update(environment)
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)


def bound_gpu_memory(most: int) -> None:
    """Lets TensorFlow take so many bytes of its GPU; JAX is told by its environment."""
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        limit = tf.config.LogicalDeviceConfiguration(memory_limit=most // 2**20)
        tf.config.set_logical_device_configuration(device, [limit])


def main() -> int:
    """Reads the orders and works; returns the exit code."""
    orders = Orders(**json.loads(sys.stdin.readline()))
    set_up(orders.environment, orders.cpus)
    stop = threading.Event()
    threading.Thread(target=_listen, args=(stop,), daemon=True).start()
    from tuner.environment import keras_backend
    from tuner.errors import TunerError
    from tuner.storage import told

    if orders.gpu_memory and keras_backend() == "tensorflow":
        bound_gpu_memory(orders.gpu_memory)

    sys.path.insert(0, str(Path.cwd()))  # a space given as module:Class may lie there
    try:
        with told(orders.storage):
            return Worker(orders, stop).run()
    except TunerError as error:
        print(json.dumps({"kind": type(error).__name__, "message": str(error)}), flush=True)
        return EXIT_ERROR


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Backends may hang in their own tear-down; everything that matters is in the storage.
    os._exit(code)
