"""The process of a worker: set up as its placement says, then the loop."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from tuner.basics.child_process import Channel
from tuner.basics.environment import keras_backend
from tuner.workers.loop import Worker
from tuner.workers.orders import EXIT_DONE, WorkerOrders


def work(fields: dict[str, Any], channel: Channel) -> None:
    """What the child process does; ends with the worker's exit code.

    Raises:
        TunerError: An error that ends the whole search.
    """
    orders = WorkerOrders(**fields)
    set_up(orders.environment, orders.cpus)
    stop = threading.Event()
    threading.Thread(target=_listen, args=(channel, stop), daemon=True).start()
    if orders.gpu_memory and keras_backend() == "tensorflow":
        bound_gpu_memory(orders.gpu_memory)
    code = Worker(orders, stop).run()
    sys.exit(code)


def _listen(channel: Channel, stop: threading.Event) -> None:
    """Any message asks to stop; the end of them means that the starter is dead."""
    for _ in channel.messages():
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
