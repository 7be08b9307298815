"""SiLU on TensorFlow with a gradient that takes the sigmoid from the forward pass.

TensorFlow's own keeps the input alone and computes the sigmoid, the dearest part, again.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tuner.training.engines.patches import Patch


def _is_silu(layer: Any) -> bool:
    return type(layer) is keras.layers.Activation and layer.activation is keras.activations.silu


def _call(self: Any, inputs: Any) -> Any:
    """Takes the place of `Activation.call`."""
    return silu(inputs)


PATCH = Patch(_is_silu, "call", _call)
"""SiLU layers get the cheaper gradient."""


@tf.custom_gradient  # type: ignore[untyped-decorator]
def silu(x: Any) -> Any:
    """The SiLU of x, x * sigmoid(x), of any shape."""
    share = tf.sigmoid(x)
    y = x * share

    def gradient(dy: Any) -> Any:
        return dy * (share + y * (1.0 - share))

    return y, gradient
