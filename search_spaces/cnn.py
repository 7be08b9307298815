"""Plain convolutional networks: blocks of convolutions and pooling."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, get_args

from search_spaces.base import ImageSpace
from search_spaces.network import Network
from search_spaces.recipe import HyperParameters, Recipe

Use = Literal["never", "search", "always"]

WIDTHS = (8, 12, 16, 20, 24)
"""Filters of each block by default. The first three with batch norm and a pooled head are 3,050
parameters, and reach 65 % on CIFAR-10 in 25 epochs: small, and good enough to begin with."""


class ConvSpace(ImageSpace):
    """One to five blocks, each of one or two convolutions, pooling and dropout.

    Global average pooling, where the head is one, takes the place of the last block's pooling.

    Args:
        *args: As `ImageSpace`.
        dropout: Whether there is dropout after each pooling: ``never``, ``always`` (a rate above
            0), left to the search, or a number: always at this rate.
        batch_norm: Whether convolutions are followed by batch normalisation: likewise, without a
            number.
        **kwargs: As `ImageSpace`.

    Raises:
        ValueError: An option is not one of the three, or the rate not from 0 to below 1.
    """

    start: ClassVar[Recipe] = Recipe(adam_rate=1e-2, batch_size=64, shift=1)

    def __init__(
        self,
        *args: Any,
        dropout: Use | float = "search",
        batch_norm: Use = "search",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if is_rate(dropout) and not 0 <= float(dropout) < 1:
            raise ValueError(f"dropout must be from 0 to below 1 but got {dropout!r}.")
        for name, use in (("dropout", dropout), ("batch_norm", batch_norm)):
            if use not in get_args(Use) and not (name == "dropout" and is_rate(use)):
                raise ValueError(f"{name} must be never, search or always but got {use!r}.")
        self.dropout = dropout
        self.batch_norm = batch_norm

    def network(self, hp: HyperParameters) -> Network:
        """Blocks, a head, classes."""
        net = Network(self.input_shape)
        depth = hp.Int("depth", 1, len(WIDTHS), default=3)
        convs = hp.Int("convs", 1, 2, default=1)
        kernel = hp.Int("kernel", 2, 5, default=3)
        pooling = hp.Choice("pooling", ["max", "average", "stride"], default="average")
        head = hp.Choice("head", ["global_average", "flatten"], default="global_average")
        activation = hp.Choice("activation", ["relu", "leaky_relu", "silu"], default="relu")
        batch_norm, rate = self._regularisation(hp)
        x = 0
        for i in range(depth):
            width = hp.Int(f"width_{i}", 2, 128, sampling="log", default=WIDTHS[i])
            pooled = i < depth - 1 or head == "flatten"
            for j in range(convs):
                strided = pooled and pooling == "stride" and j == convs - 1
                x = net.conv(x, width, kernel, stride=2 if strided else 1, bias=not batch_norm)
                if batch_norm:
                    x = net.norm(x)
                x = net.activation(x, activation)
            if pooled and pooling != "stride":
                x = net.pool(x, pooling)
            if not pooled:
                x = net.global_average(x)
            x = net.dropout(x, rate)
        if head == "flatten":
            x = net.flatten(x)
        net.dense(x, self.num_classes)
        return net

    def _regularisation(self, hp: HyperParameters) -> tuple[bool, float]:
        batch_norm, rate = self.batch_norm == "always", 0.0
        if self.batch_norm == "search":
            batch_norm = hp.Boolean("batch_norm", default=True)
        if is_rate(self.dropout):
            rate = float(self.dropout)
        elif self.dropout != "never":
            lowest = 0.02 if self.dropout == "always" else 0.0
            rate = hp.Float("dropout", lowest, 0.5, default=lowest)
        return batch_norm, rate


def is_rate(dropout: Use | float) -> bool:
    """Whether an option is a rate of dropout, not a word."""
    return isinstance(dropout, int | float) and not isinstance(dropout, bool)
