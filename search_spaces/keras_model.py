"""Turns a `search_spaces.network.Network` into a Keras model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from search_spaces.network import Network
from search_spaces.scaling import Line, Scaling

# Short trainings: the moving statistics must follow within a few hundred steps (Keras: 0.99).
BATCH_NORM_MOMENTUM = 0.9


def to_keras(
    network: Network, scaling: Scaling | None = None, *, classes: bool = True
) -> keras.Model:
    """The network as a functional model: images to class probabilities, or to amounts.

    Args:
        network: Its last operation gives one number, a logit, for each class, or the amounts.
        scaling: What images and amounts are like; by default images are bytes, 0 to 255.
        classes: Whether it gives classes.

    Returns:
        A model from (batch, height, width, channels), of any number type, to (batch, classes) or
        (batch, amounts).
    """
    scaling = scaling or Scaling()
    tensors: list[Any] = []
    for kind, sources, settings in network.ops:
        if kind == "input":
            inputs = keras.Input(settings)
            tensors.append(_scaled(inputs, scaling.inputs))
        elif kind == "add":
            tensors.append(keras.layers.Add()([tensors[i] for i in sources]))
        else:
            tensors.append(_LAYERS[kind](*settings)(tensors[sources[0]]))
    if not classes:
        amounts = keras.layers.Activation("linear", dtype="float32")(tensors[-1])
        return keras.Model(inputs, _scaled(amounts, scaling.outputs, dtype="float32"))
    # In float32 even under a mixed policy: probabilities near 0 do not survive half precision.
    outputs = keras.layers.Activation("softmax", dtype="float32")(tensors[-1])
    return keras.Model(inputs, outputs)


def _scaled(tensor: Any, line: Line | None, dtype: str | None = None) -> Any:
    if line is None:
        return tensor
    return keras.layers.Rescaling(line[0], offset=line[1], dtype=dtype)(tensor)


def _conv(filters: int, kernel: int, stride: int, bias: bool) -> Any:
    return keras.layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=bias)


def _depthwise(kernel: int, stride: int) -> Any:
    return keras.layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)


def _pool(kind: str, window: int, keep_edge: bool) -> Any:
    layer = keras.layers.MaxPooling2D if kind == "max" else keras.layers.AveragePooling2D
    return layer(window, padding="same" if keep_edge else "valid")


def _fit_channels(difference: int) -> Any:
    # Read as "channels first", the last axis is one of the two that padding and cropping change:
    # stock layers, so that every exporter knows them.
    layer = keras.layers.ZeroPadding2D if difference > 0 else keras.layers.Cropping2D
    return layer(((0, 0), (0, abs(difference))), data_format="channels_first")


_LAYERS: dict[str, Callable[..., Any]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "dense": lambda units, bias: keras.layers.Dense(units, use_bias=bias),
    "norm": lambda: keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM),
    "activation": keras.layers.Activation,
    "dropout": keras.layers.Dropout,
    "pool": _pool,
    "global_average": keras.layers.GlobalAveragePooling2D,
    "flatten": keras.layers.Flatten,
    "fit_channels": _fit_channels,
}
