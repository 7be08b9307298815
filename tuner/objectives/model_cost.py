"""What a Keras model costs: parameters, multiply-accumulates, bytes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tuner.objectives.macs import count_macs

PLAIN = frozenset(
    {
        "Activation",
        "Add",
        "AveragePooling1D",
        "AveragePooling2D",
        "BatchNormalization",
        "Concatenate",
        "Conv1D",
        "Conv2D",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dropout",
        "ELU",
        "Flatten",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "MaxPooling1D",
        "MaxPooling2D",
        "Multiply",
        "Normalization",
        "ReLU",
        "Rescaling",
        "Reshape",
        "SeparableConv1D",
        "SeparableConv2D",
        "Softmax",
        "SpatialDropout2D",
        "Subtract",
        "UpSampling2D",
        "ZeroPadding2D",
    }
)
"""Keras's layers that use their kernels once for each position of their output, and no others."""


@dataclass(frozen=True)
class ModelCost:
    """The cost of one model.

    Attributes:
        size: Trainable parameters.
        total_size: All parameters, a batch normalisation's moving statistics included.
        macs: Multiply-accumulates for one example, biases left out; None where they are not known.
        bytes: Of all parameters in float32.
    """

    size: int
    total_size: int
    macs: int | None

    @property
    def bytes(self) -> int:
        """Bytes of all parameters in float32."""
        return 4 * self.total_size


def cost_of_model(model: Any, example: Any) -> ModelCost:
    """Counts what a model costs, layers inside nested models and wrappers included.

    Args:
        model: A Keras model. One that has no weights yet, such as a `Sequential` without `Input`,
            is built by calling it.
        example: A batch of one example, as the model takes it.
    """
    if not all(layer.built for layer in model._flatten_layers()):
        model(example)
    trainable = sum(math.prod(w.shape) for w in model.trainable_weights)
    total = sum(math.prod(w.shape) for w in model.weights if "seed_generator" not in w.path)
    macs = _plain_macs(model)
    return ModelCost(
        size=int(trainable),
        total_size=int(total),
        macs=count_macs(model, example) if macs is None else macs,
    )


def _plain_macs(model: Any) -> int | None:
    """Multiply-accumulates of a graph of plain layers; None where the model is something else.

    Watching a call takes tens of milliseconds, and most models need it not.
    """
    kind = type(model)
    if kind.__name__ not in ("Functional", "Sequential") or not kind.__module__.startswith(
        "keras."
    ):
        return None
    graph = getattr(model, "_functional", None) or model  # a Sequential has one inside
    by_depth = getattr(graph, "_nodes_by_depth", None)
    if by_depth is None:
        return None
    nodes = itertools.chain.from_iterable(by_depth.values())
    # A node is one call: a layer that is called twice has two, an operation without layer has one.
    counts = [_layer_macs(node.operation, node.output_tensors[0].shape) for node in nodes]
    return None if None in counts else sum(n for n in counts if n is not None)


def _layer_macs(layer: Any, shape: Sequence[int | None]) -> int | None:
    """Multiply-accumulates of one call of a plain layer; None for any other operation.

    Each position of a convolution's output is one use of its whole kernel, so the kernel's size
    times the number of positions counts plain, grouped, depthwise and separable ones alike. A
    dense layer works once for each position in between.

    Args:
        layer: A layer, or an operation of `keras.ops`.
        shape: Of what the call gives.
    """
    import keras

    name = type(layer).__name__
    if name not in PLAIN or type(layer) is not getattr(keras.layers, name):
        return None
    kernels = [w for w in layer.weights if w.path.rsplit("/", 1)[-1].endswith("kernel")]
    if not kernels:
        return 0
    channels_last = getattr(layer, "data_format", "channels_last") == "channels_last"
    positions = shape[1:-1] if channels_last else shape[2:]
    known = [size for size in positions if size is not None]
    if len(known) < len(positions):
        return None
    return int(sum(math.prod(w.shape) for w in kernels) * math.prod(known))
