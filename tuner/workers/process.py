"""TODO."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from tuner.workers.loop import Worker
from tuner.workers.orders import EXIT_DONE, EXIT_ERROR, Orders


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
    from tuner.basics.environment import keras_backend
    from tuner.errors import TunerError
    from tuner.storages.opening import told

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
