"""How a compiled Keras model is driven over many images at once, for each backend.

Keras's `fit` hands over one minibatch at a time through an input pipeline, which for a small
network costs as much as its arithmetic. An engine takes thousands of images in one call.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]


class Engine(Protocol):
    """Trains and tests one model; its metrics run on from call to call until `begin`."""

    chunk: int | None
    """About how many images to hand over in one call; None: a whole epoch."""

    def begin(self) -> None:
        """Forgets the metrics so far."""

    def train(self, x: Array, y: Array, batch_size: int) -> None:
        """Takes one optimizer step for every `batch_size` images, in their order.

        Args:
            x: uint8, [n, height, width, channels].
            y: What the model's loss takes, [n, ...].
            batch_size: Images a step; the last step takes what is left.
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
    if keras.backend.backend() == "tensorflow" and not own_loop and not model.run_eagerly:
        from tuner.engines.tensorflow import TensorFlowEngine

        return TensorFlowEngine(model)
    from tuner.engines.fit import FitEngine

    return FitEngine(model)
