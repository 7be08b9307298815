"""How a compiled Keras model is driven over many images at once, for each backend.

Keras's `fit` hands over one minibatch at a time through an input pipeline, which for a small
network costs as much as its arithmetic. An engine takes thousands of images in one call.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt

from tuner.training.augmentation import Draws

Array = npt.NDArray[Any]

CHUNK = 8_192
"""Images a call where they come from the host: enough that the call itself costs nothing, few
enough to need little memory, and to stop soon."""
PIECE = 2**28
"""Bytes of images in memory at a time, where so many of them take more."""


class Engine(Protocol):
    """Trains and tests one model; its metrics run on from call to call until `begin`."""

    def chunk(self, x: Array) -> int | None:
        """About how many of these images to hand over in one call; None: a whole epoch."""

    def begin(self) -> None:
        """Forgets the metrics so far."""

    def train(
        self,
        x: Array,
        y: Array,
        batch_size: int,
        rows: Array | None = None,
        draws: Draws | None = None,
    ) -> None:
        """Takes one optimizer step for every `batch_size` images.

        An engine may keep copies of `x` and `y` on its device: they are not to be changed.

        Args:
            x: uint8, [n, height, width, channels].
            y: What the model's loss takes, [n, ...].
            batch_size: Images a step; the last step takes what is left, or is filled up.
            rows: Which images, in this order, [m]; None: all.
            draws: What is done to each of those m images.
        """

    def test(self, x: Array, y: Array, batch_size: int) -> None:
        """Updates the metrics without training; arguments as in `train`."""

    def settle(self, x: Array, batch_size: int) -> None:
        """Makes batch normalisation's moving averages those of the present weights.

        Args:
            x: Training images, as in `train`.
            batch_size: Images a minibatch.
        """

    def results(self) -> dict[str, float]:
        """The model's loss and metrics since `begin`, by Keras's names."""

    def close(self) -> None:
        """Gives the model back as it was, but for its weights."""


def within(x: Array, most: int) -> int:
    """How many images to take at a time: so many, fewer where they are large, one at least."""
    return max(1, min(most, PIECE // max(1, x[:1].nbytes)))


def taken(x: Array, y: Array, rows: Array | None, draws: Draws | None) -> tuple[Array, Array]:
    """The images and labels of some rows, augmented; arguments as in `Engine.train`."""
    if draws is not None:
        x = draws.apply(x, rows)
    elif rows is not None:
        x = x[rows]
    return x, y if rows is None else y[rows]


def even(count: int, most: int) -> int | None:
    """The largest minibatch of at most `most` that divides `count` images into equal ones.

    Every other size costs a backend that compiles a second program, for what is left.

    Returns:
        The size; None where it would be `most` / 2 or less.
    """
    if count <= most:
        return count
    return next((n for n in range(most, most // 2, -1) if count % n == 0), None)


def engine_for(model: Any) -> Engine:
    """The fastest engine for a compiled model on the backend in use.

    A model that brings its own way of running an epoch, or wants to run eagerly, is left to
    Keras's `fit`.
    """
    import keras

    own_loop = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("fit", "make_train_function", "make_test_function")
    )
    ours = not own_loop and not model.run_eagerly
    if keras.backend.backend() == "tensorflow" and ours:
        from tuner.training.engines.tensorflow import TensorFlowEngine

        return TensorFlowEngine(model)
    # Some layers cannot be compiled with XLA; Keras has said so in the model's flag by now.
    if keras.backend.backend() == "jax" and ours and model.jit_compile:
        from tuner.training.engines.jax import JaxEngine

        return JaxEngine(model)
    from tuner.training.engines.fit import FitEngine

    return FitEngine(model)
