"""The process of a worker: set up as its placement says, then the loop."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tuner.basics.child_process import Channel
from tuner.basics.environment import keras_backend
from tuner.basics.hardware import pin
from tuner.workers.loop import Worker
from tuner.workers.orders import EXIT_DONE, WorkerOrders

if TYPE_CHECKING:
    import optuna

STEP_SECONDS = 3.0
"""How long a worker that is asked to stop may take for the step that it is in, unless told."""
LAST_WORD_SECONDS = 1.0
"""And for telling the storage."""


def work(fields: dict[str, Any], channel: Channel) -> None:
    """What the child process does; ends with the worker's exit code.

    Raises:
        TunerError: An error that ends the whole search.
    """
    orders = WorkerOrders(**fields)
    set_up(orders.environment, orders.cpus)
    worker = Worker(orders, threading.Event(), alone=True)
    outlive_signals(worker)
    threading.Thread(target=_listen, args=(channel, worker), daemon=True).start()
    if orders.gpu_memory and keras_backend() == "tensorflow":
        bound_gpu_memory(orders.gpu_memory)
    if orders.carried:
        from tuner.spaces import carried  # not before the process is set up

        carried.receive(orders.carried)
    code = worker.run()
    sys.exit(code)


def _listen(channel: Channel, worker: Worker) -> None:
    """Any message asks to stop; the end of them means that the starter is dead."""
    for count, _ in enumerate(channel.messages()):
        worker.stop.set()
        # The signal alone holds a worker to no time; the first message does.
        if not count:
            patience = worker.orders.step_seconds
            threading.Thread(target=leave, args=(worker, patience), daemon=True).start()
    os._exit(EXIT_DONE)


def outlive_signals(worker: Worker) -> None:
    """Takes SIGTERM as the wish to stop, and does not die of it.

    A cluster sends it to every process of a job: to whoever started the worker, who passes the wish
    on, and to the worker itself.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: worker.stop.set())


def leave(
    worker: Worker, patience: float = STEP_SECONDS, end: Callable[[int], object] = os._exit
) -> None:
    """Ends a worker that was asked to stop and is held up: by a long step, or by its own start.

    Nothing is lost by it: the trial goes on from its checkpoint.

    Args:
        worker: It.
        patience: Seconds that it has to stop by itself.
        end: Ends the process.
    """
    time.sleep(patience)
    trial, study = worker.current, worker.study
    if trial is not None and study is not None:
        saying = threading.Thread(target=_give_back, args=(study, trial), daemon=True)
        saying.start()
        saying.join(LAST_WORD_SECONDS)
    end(EXIT_DONE)


def _give_back(study: optuna.Study, trial: optuna.Trial) -> None:
    # Not before the process is set up: numpy reads how many threads it may have.
    from tuner.storages import claims

    with contextlib.suppress(Exception):  # the starter finds it dead, and queues it as well
        claims.abandon(study, trial, "it was stopped while training")


def set_up(environment: dict[str, str], cpus: list[int]) -> None:
    """Makes this process what its placement says, before it imports a backend."""
    os.environ.update(environment)
    pin(cpus)


def bound_gpu_memory(most: int) -> None:
    """Lets TensorFlow take so many bytes of its GPU; JAX is told by its environment."""
    import tensorflow as tf

    for device in tf.config.list_physical_devices("GPU"):
        limit = tf.config.LogicalDeviceConfiguration(memory_limit=most // 2**20)
        tf.config.set_logical_device_configuration(device, [limit])
