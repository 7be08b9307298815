"""What a built Keras model costs: parameters, multiply-accumulates, bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ModelCost:
    """The cost of one model.

    Attributes:
        size: Trainable parameters.
        total_size: All parameters, a batch normalisation's moving statistics included.
        macs: Multiply-accumulates for one image: convolutions and dense layers, biases left out.
        bytes: Of all parameters in float32.
    """

    size: int
    total_size: int
    macs: int

    @property
    def bytes(self) -> int:
        """Bytes of all parameters in float32."""
        return 4 * self.total_size

    def of(self, what: Literal["size", "macs", "bytes"]) -> int:
        """The number that a study minimises."""
        return int(getattr(self, what))


def measure(model: Any) -> ModelCost:
    """Counts a built Keras model, layers inside nested models and wrappers included."""
    trainable = sum(math.prod(w.shape) for w in model.trainable_weights)
    total = sum(math.prod(w.shape) for w in model.weights if "seed_generator" not in w.path)
    macs = sum(_layer_macs(layer) for layer in model._flatten_layers(include_self=False))
    return ModelCost(size=int(trainable), total_size=int(total), macs=int(macs))


def _layer_macs(layer: Any) -> int:
    """Multiply-accumulates of one layer.

    Each position of a convolution's output is one use of its whole kernel, so the kernel's size
    times the number of positions counts plain, grouped, depthwise and separable ones alike.
    """
    variables = layer._trainable_variables + layer._non_trainable_variables
    kernels = [w for w in variables if w.path.rsplit("/", 1)[-1].endswith("kernel")]
    if not kernels:
        return 0
    weights = sum(int(math.prod(w.shape)) for w in kernels)
    shape = _output_shape(layer)
    if "Conv" not in type(layer).__name__ or shape is None:
        # A dense layer on [batch, ..., units] works once for each position in between.
        return weights * (math.prod(shape[1:-1]) if shape is not None else 1)
    channels_last = getattr(layer, "data_format", "channels_last") == "channels_last"
    positions = shape[1:-1] if channels_last else shape[2:]
    return weights * math.prod(positions)


def _output_shape(layer: Any) -> tuple[int, ...] | None:
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError):  # called several times, or only inside another layer
        return None
    return tuple(1 if d is None else int(d) for d in shape)
