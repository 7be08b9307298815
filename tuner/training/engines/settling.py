"""Batch normalisation's statistics of the weights as they are now.

The moving averages that inference uses lag behind weights that move fast: at a high learning rate
they cost small networks one to six points of validation accuracy in most epochs, thirteen in one,
which are gone once the rate has fallen. Averaged anew over a few thousand training
images they belong to the present weights (Wu & Johnson 2021, arXiv 2105.07576, section 3).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tuner.training.arrays import Array, Arrays, count_of, some


class Settling:
    """Sets a model's moving averages to the mean over some minibatches.

    Args:
        model: A built Keras model.
        forward: Runs the model on a minibatch as in training, without learning from it.

    Attributes:
        layers: Those that learn their averages.
        averages: Their variables, mean and variance by turns.
    """

    def __init__(self, model: Any, forward: Callable[[Any], Any]) -> None:
        import keras

        self._forward = forward
        self.layers = [
            layer
            for layer in model._flatten_layers(include_self=False)
            if isinstance(layer, keras.layers.BatchNormalization)
            and layer.built
            and layer.trainable
        ]
        self.averages = [a for n in self.layers for a in (n.moving_mean, n.moving_variance)]

    def __call__(self, x: Arrays, batch_size: int) -> None:
        """Settles the statistics.

        Args:
            x: [n, ...], or a dict of such arrays; what is over after whole minibatches is left
                out.
            batch_size: Examples a minibatch.
        """
        if not self.layers:
            return
        parts = minibatches(x, batch_size)
        sums = [np.zeros(a.shape, np.float64) for a in self.averages]
        with self.without_memory():
            for part in parts:
                self._forward(part)
                for total, average in zip(sums, self.averages, strict=True):
                    total += numbers(average)
        for total, average in zip(sums, self.averages, strict=True):
            average.assign((total / len(parts)).astype(np.float32))

    @contextlib.contextmanager
    def without_memory(self) -> Iterator[None]:
        """While each minibatch replaces the moving averages."""
        kept = [layer.momentum for layer in self.layers]
        try:
            for layer in self.layers:
                layer.momentum = 0.0
            yield
        finally:
            for layer, momentum in zip(self.layers, kept, strict=True):
                layer.momentum = momentum


def minibatches(x: Arrays, batch_size: int) -> list[Any]:
    """The whole minibatches of some examples; one of all of them, where they are fewer."""
    count = count_of(x)
    batch_size = min(batch_size, count)
    starts = range(0, count - batch_size + 1, batch_size)
    return [some(x, slice(i, i + batch_size)) for i in starts]


def numbers(variable: Any) -> Array:
    """A Keras variable's values, on every backend without a warning of NumPy's."""
    value = variable.value
    found: Array = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
    return found
