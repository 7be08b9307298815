"""A network as a flat list of primitive operations, sized in closed form.

A family describes its network once, here; `search_spaces.keras_model` turns the same list into a
Keras model. Adding an operation also adds its weights and multiply-accumulates to the totals, so
that a configuration is sized in microseconds, without a backend, and never disagrees with the
model that is built from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Op = tuple[str, tuple[int, ...], tuple[Any, ...]]
"""What it is, the numbers of the operations it reads, its settings.

A plain tuple, because a sampler sizes tens of thousands of configurations for one suggestion.
"""
Pooling = Literal["max", "average"]


@dataclass(frozen=True)
class Cost:
    """What a network costs."""

    size: int
    """Trainable parameters."""
    total: int
    """All parameters: with batch normalisation's moving means and variances."""
    macs: int
    """Multiply-accumulates of convolutions and dense layers, for one image."""
    activations: int = field(default=0, compare=False)
    """Numbers that all operations write, for one image: in a narrow network they take longer than
    its arithmetic."""

    @property
    def bytes(self) -> int:
        """Bytes of all parameters in float32."""
        return 4 * self.total


class Network:
    """Operations in the order in which they run; the last one is the output.

    Every method adds one operation and returns its number. Images have the shape (height, width,
    channels), vectors (length,), without the batch.

    Attributes:
        ops: The operations; number 0 is the input.
        shapes: The shape of each operation's output.
    """

    def __init__(self, input_shape: Sequence[int]) -> None:
        height, width, channels = input_shape
        self.ops: list[Op] = [("input", (), (height, width, channels))]
        self.shapes: list[tuple[int, ...]] = [(height, width, channels)]
        self._size = self._moving = self._macs = self._activations = 0

    @property
    def cost(self) -> Cost:
        """Parameters, multiply-accumulates and activations of the operations so far."""
        total = self._size + self._moving
        return Cost(self._size, total, self._macs, self._activations)

    def _add(
        self, kind: str, sources: tuple[int, ...], settings: tuple[Any, ...], shape: tuple[int, ...]
    ) -> int:
        self.ops.append((kind, sources, settings))
        self.shapes.append(shape)
        self._activations += math.prod(shape)
        return len(self.ops) - 1

    def conv(self, x: int, filters: int, kernel: int, stride: int = 1, bias: bool = False) -> int:
        """Convolution that keeps the height and width, divided by `stride` and rounded up."""
        h, w, c = self.shapes[x]
        h, w = -(-h // stride), -(-w // stride)
        weights = kernel * kernel * c * filters
        self._size += weights + filters if bias else weights
        self._macs += weights * h * w
        return self._add("conv", (x,), (filters, kernel, stride, bias), (h, w, filters))

    def depthwise(self, x: int, kernel: int, stride: int = 1) -> int:
        """Convolution of each channel by itself, without bias; sizes as in `conv`."""
        h, w, c = self.shapes[x]
        h, w = -(-h // stride), -(-w // stride)
        weights = kernel * kernel * c
        self._size += weights
        self._macs += weights * h * w
        return self._add("depthwise", (x,), (kernel, stride), (h, w, c))

    def dense(self, x: int, units: int, bias: bool = True) -> int:
        """Fully connected layer on a vector."""
        (length,) = self.shapes[x]
        self._size += length * units + units if bias else length * units
        self._macs += length * units
        return self._add("dense", (x,), (units, bias), (units,))

    def norm(self, x: int) -> int:
        """Batch normalisation: a scale and a shift a channel, and two moving statistics."""
        shape = self.shapes[x]
        self._size += 2 * shape[-1]
        self._moving += 2 * shape[-1]
        return self._add("norm", (x,), (), shape)

    def activation(self, x: int, name: str) -> int:
        """Non-linearity by its Keras name."""
        return self._add("activation", (x,), (name,), self.shapes[x])

    def dropout(self, x: int, rate: float) -> int:
        """Dropout; a rate of 0 adds nothing and returns `x`."""
        return self._add("dropout", (x,), (rate,), self.shapes[x]) if rate else x

    def pool(self, x: int, kind: Pooling, window: int = 2, keep_edge: bool = False) -> int:
        """Pooling over windows that do not overlap.

        Args:
            x: The operation to read.
            kind: ``max`` or ``average``.
            window: Side of a window in pixels.
            keep_edge: Whether a window that sticks out at the edge still counts.

        Raises:
            ValueError: No whole window fits: the height or width would be zero.
        """
        h, w, c = self.shapes[x]
        shape = (-(-h // window), -(-w // window)) if keep_edge else (h // window, w // window)
        if 0 in shape:
            raise ValueError(f"pooling {window}x{window} of a {h}x{w} image leaves no pixel.")
        return self._add("pool", (x,), (kind, window, keep_edge), (*shape, c))

    def global_average(self, x: int) -> int:
        """Mean over height and width: a vector of the channels."""
        return self._add("global_average", (x,), (), self.shapes[x][-1:])

    def flatten(self, x: int) -> int:
        """All pixels and channels as one vector."""
        return self._add("flatten", (x,), (), (math.prod(self.shapes[x]),))

    def fit_channels(self, x: int, channels: int) -> int:
        """Channels of zeros added, or the last ones dropped; costs no parameters."""
        h, w, c = self.shapes[x]
        if c == channels:
            return x
        return self._add("fit_channels", (x,), (channels - c,), (h, w, channels))

    def add(self, x: int, y: int) -> int:
        """Element-wise sum of two operations of the same shape."""
        if self.shapes[x] != self.shapes[y]:
            raise ValueError(f"cannot add shapes {self.shapes[x]} and {self.shapes[y]}.")
        return self._add("add", (x, y), (), self.shapes[x])
