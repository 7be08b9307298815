"""What a training needs of memory, at the least, and pieces that keep it from needing more.

The estimate is a lower one: a training of which it says that it cannot fit, cannot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tuner.data.memory import gigabytes, installed
from tuner.training.arrays import Arrays, bytes_of_one, count_of, parts_of
from tuner.training.engines import CHUNK, within

PROCESS = 400 * 2**20
"""Bytes of a process that has imported a backend, before it trains anything."""
NUMBER = 4  # bytes of a number in float32


@dataclass(frozen=True)
class LeastMemory:
    """The least that one training needs.

    Attributes:
        examples: Bytes of the examples that are handed over at a time.
        layer: Shape of the largest layer's output for one example.
        batch_size: Examples of a minibatch.
    """

    examples: int
    layer: tuple[int, ...]
    batch_size: int

    @property
    def bytes(self) -> int:
        """Of the process, the examples, and the largest layer's output with its gradient."""
        return PROCESS + self.examples + 2 * NUMBER * self.batch_size * math.prod(self.layer)

    def described(self) -> str:
        """What takes it, for a message."""
        shape = "x".join(map(str, self.layer))
        return f"minibatches of {self.batch_size}, whose largest layer gives {shape} numbers each"


def least_memory(model: Any, x: Arrays, batch_size: int) -> LeastMemory:
    """The least memory that training a model takes.

    Args:
        model: A Keras model that is built.
        x: What it is trained on, [n, ...] of any number type, or a dict of such arrays.
        batch_size: Examples of a minibatch.
    """
    count = count_of(x)
    batch_size = min(batch_size, count)
    piece = max(within(x, CHUNK) // batch_size, 1) * batch_size
    shapes = [*(tuple(part.shape[1:]) for part in parts_of(x)), *_outputs(model)]
    return LeastMemory(min(count, piece) * bytes_of_one(x), max(shapes, key=math.prod), batch_size)


def require_memory(model: Any, x: Arrays, batch_size: int) -> None:
    """Refuses a training that this machine never has the memory for, instead of being killed in it.

    Args:
        model: As in `least_memory`.
        x: As there.
        batch_size: As there.

    Raises:
        MemoryError: It needs more than there is; the message says what to do.
    """
    least = least_memory(model, x, batch_size)
    if not on_host() or least.bytes <= (most := installed()):
        return
    raise MemoryError(
        f"a training of this model needs at least {gigabytes(least.bytes)} of memory "
        f"({least.described()}), and the machine has {gigabytes(most)}: use smaller examples or a "
        "smaller batch_size"
    )


def on_host() -> bool:
    """Whether models are trained in the memory of the processor."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return not tf.config.list_physical_devices("GPU")
    if backend == "jax":
        import jax

        return bool(jax.default_backend() == "cpu")
    import torch

    return not torch.cuda.is_available()


def _outputs(model: Any) -> list[tuple[int, ...]]:
    """Shapes of what layers give for one example, where they are known."""
    found = []
    for layer in model._flatten_layers():
        try:
            outputs = layer.output
        except (AttributeError, ValueError):  # called several times, or inside another's call
            continue
        for output in outputs if isinstance(outputs, list | tuple) else [outputs]:
            shape = tuple(getattr(output, "shape", ()))[1:]
            if shape and None not in shape:
                found.append(shape)
    return found
