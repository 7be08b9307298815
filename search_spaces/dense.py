"""Fully connected networks on the pixels."""

from __future__ import annotations

from typing import Any, ClassVar

from search_spaces.base import ImageSpace
from search_spaces.network import Network
from search_spaces.recipe import HyperParameters, Recipe

UNITS = (16, 16, 16)
"""Units of each hidden layer by default. One layer of 16 on colour images of 32x32 pixels is 49,338
parameters, and reaches 45.9 % on CIFAR-10."""


class DenseSpace(ImageSpace):
    """One to three hidden layers of 2 to 1,024 units.

    Args:
        *args: As `ImageSpace`.
        downsample: Whether the image may first be averaged over squares of 2 or 4 pixels: still
            fully connected, on fewer pixels. Off, the network sees every pixel.
        **kwargs: As `ImageSpace`.
    """

    start: ClassVar[Recipe] = Recipe(adam_rate=2e-3, shift=0, batch_size=128)

    def __init__(self, *args: Any, downsample: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.downsample = downsample

    def network(self, hp: HyperParameters) -> Network:
        """Pixels, hidden layers, classes."""
        net = Network(self.input_shape)
        depth = hp.Int("depth", 1, len(UNITS), default=1)
        activation = hp.Choice("activation", ["relu", "leaky_relu", "silu"], default="relu")
        batch_norm = hp.Boolean("batch_norm", default=False)
        rate = hp.Float("dropout", 0.0, 0.5, default=0.0)
        x = 0
        if self.downsample and (window := hp.Choice("downsample", [1, 2, 4], default=1)) > 1:
            x = net.pool(x, "average", window)
        x = net.flatten(x)
        for i in range(depth):
            units = hp.Int(f"units_{i}", 2, 1024, sampling="log", default=UNITS[i])
            x = net.dense(x, units, bias=not batch_norm)
            if batch_norm:
                x = net.norm(x)
            x = net.dropout(net.activation(x, activation), rate)
        net.dense(x, self.num_classes)
        return net
