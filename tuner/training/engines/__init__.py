"""How a compiled Keras model is driven over many examples at once, for each backend.

Keras's `fit` hands over one minibatch at a time through an input pipeline, which for a small
network costs as much as its arithmetic. An engine takes thousands of examples in one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tuner.training.arrays import Array, Arrays, bytes_of_one, some
from tuner.training.augmentation import Draws

CHUNK = 8_192
"""Examples a call where they come from the host: enough that the call itself costs nothing, few
enough to need little memory, and to stop soon."""
PIECE = 2**28
"""Bytes of examples in memory at a time, where so many of them take more."""


class Engine(Protocol):
    """Trains and tests one model; its metrics run on from call to call until `begin`."""

    def chunk(self, x: Arrays) -> int | None:
        """About how many of these images to hand over in one call; None: a whole epoch."""

    def begin(self) -> None:
        """Forgets the metrics so far."""

    def train(
        self,
        x: Arrays,
        y: Arrays,
        batch_size: int,
        rows: Array | None = None,
        draws: Draws | None = None,
        weights: Array | None = None,
    ) -> None:
        """Takes one optimizer step for every `batch_size` examples.

        An engine may keep copies of the arrays on its device: they are not to be changed.

        Args:
            x: Of any number type, [n, ...]; a dict of such arrays goes through Keras's `fit` only.
            y: What the model's loss takes, [n, ...], or a dict of those, likewise.
            batch_size: Examples a step; the last step takes what is left, or is filled up.
            rows: Which examples, in this order, [m]; None: all.
            draws: What is done to each of those m examples.
            weights: How much each example counts, float32 [n]; None: all alike.
        """

    def test(self, x: Arrays, y: Arrays, batch_size: int, weights: Array | None = None) -> None:
        """Updates the metrics without training; arguments as in `train`."""

    def predict(self, x: Arrays, batch_size: int) -> Any:
        """What the model gives for each example, [n, ...], or a structure of such arrays."""

    def settle(self, x: Arrays, batch_size: int) -> None:
        """Makes batch normalisation's moving averages those of the present weights.

        Args:
            x: Training examples, as in `train`.
            batch_size: Examples a minibatch.
        """

    def results(self) -> dict[str, float]:
        """The model's loss and metrics since `begin`, by Keras's names."""

    def close(self) -> None:
        """Gives the model back as it was, but for its weights."""


def within(x: Arrays, most: int) -> int:
    """How many examples to take at a time: so many, fewer where they are large, one at least."""
    return max(1, min(most, PIECE // max(1, bytes_of_one(x))))


def taken(
    x: Any, y: Any, rows: Array | None, draws: Draws | None, weights: Array | None = None
) -> tuple[Any, ...]:
    """The examples of some rows with answers, and weights if any, augmented.

    Arguments as in `Engine.train`.
    """
    if draws is not None:
        x = draws.apply(x, rows)
    elif rows is not None:
        x = some(x, rows)
    others = [y] if weights is None else [y, weights]
    return x, *(part if rows is None else some(part, rows) for part in others)


def even(count: int, most: int) -> int | None:
    """The largest minibatch of at most `most` that divides `count` examples into equal ones.

    Every other size costs a backend that compiles a second program, for what is left.

    Returns:
        The size; None where it would be `most` / 2 or less.
    """
    if count <= most:
        return count
    return next((n for n in range(most, most // 2, -1) if count % n == 0), None)


def engine_for(model: Any, x: Any = None, y: Any = None) -> Engine:
    """The fastest engine for a compiled model on the backend in use.

    A model that brings its own way of running an epoch, or wants to run eagerly, is left to
    Keras's `fit`; so is one of several inputs or outputs.

    Args:
        model: It.
        x: What it is trained on, as in `Engine.train`.
        y: Its answers.
    """
    import keras

    own_loop = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("fit", "make_train_function", "make_test_function")
    )
    several = isinstance(x, Mapping) or isinstance(y, Mapping)
    ours = not own_loop and not model.run_eagerly and not several
    if keras.backend.backend() == "tensorflow" and ours:
        from tuner.training.engines.tensorflow import TensorFlowEngine

        return TensorFlowEngine(model)
    # Some layers cannot be compiled with XLA; Keras has said so in the model's flag by now.
    if keras.backend.backend() == "jax" and ours and model.jit_compile:
        from tuner.training.engines.jax import JaxEngine

        return JaxEngine(model)
    from tuner.training.engines.fit import FitEngine

    return FitEngine(model)
