"""Measures the training of one model after the other, in a process laid out as a worker's.

`tuner.bench.team` starts it with a placement and tells it one job after the other. It
answers each by ``{"ready": ...}``, is told ``go``, and answers by what it measured. So several
processes measure at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tuner.basics.child_process import Channel
from tuner.workers.process import set_up

IMAGE = (32, 32, 3)
CLASSES = 10
IMAGES = 1_024
"""Images a call of the engine; a whole epoch has tens of thousands of them."""
MATRIX = 1_024
BLOCK = 64 * 2**20


def work(orders: dict[str, Any], channel: Channel) -> None:
    """Answers jobs until the parent has no more."""
    set_up(**orders)
    messages = channel.messages()
    for job in messages:
        facts, once = _limits(job) if job["model"] is None else _training(job)
        once()  # traces and compiles
        channel.say({"ready": facts})
        next(messages)
        done, started = 0.0, time.perf_counter()
        while (passed := time.perf_counter() - started) < job["seconds"] or not done:
            done += once()
        channel.say({"rate": done / passed})


def _training(job: dict[str, Any]) -> tuple[dict[str, int], Callable[[], float]]:
    """A model's cost, and what trains it on some images and returns how many."""
    import keras
    import keras_tuner
    import numpy as np

    from tuner.spaces.loading import load_space
    from tuner.training.engines import engine_for

    keras.backend.clear_session()
    keras.config.set_dtype_policy("mixed_bfloat16" if job["bfloat16"] else "float32")
    keras.utils.set_random_seed(0)
    space, values = job["model"]
    made = load_space(
        space, input_shape=IMAGE, num_classes=CLASSES, train_size=45_000, horizon=25, options={}
    )
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    cost, model = made.measure(values), made.build(hp)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (IMAGES, *IMAGE), dtype=np.uint8)
    y = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, IMAGES)]
    engine = engine_for(model)

    def once() -> float:
        engine.train(x, y, job["batch_size"])
        return float(IMAGES)

    return {"size": cost.size, "macs": cost.macs, "activations": cost.activations}, once


def _limits(job: dict[str, Any]) -> tuple[dict[str, int], Callable[[], float]]:
    """What multiplies matrices and counts floating-point operations, or copies and counts bytes."""
    if job["limit"] == "bytes":
        import numpy as np

        source = np.ones(BLOCK // 8)
        target = np.empty_like(source)

        def copy() -> float:
            np.copyto(target, source)
            return 2.0 * BLOCK

        return {}, copy
    import tensorflow as tf

    a = tf.random.normal([MATRIX, MATRIX])

    def multiply() -> float:
        tf.linalg.matmul(a, a).numpy()
        return 2.0 * MATRIX**3

    return {}, multiply
