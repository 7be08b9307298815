"""Strided 1x1 convolutions on TensorFlow, as the same convolution of every second pixel.

oneDNN's gradient of their kernel writes beyond its memory on processors with AVX2 and without
AVX-512 (TensorFlow 2.21): the process crashes, or worse, goes on. A 1x1 kernel looks at no
neighbours, so the pixels that the stride leaves out may as well be left out before.
"""

from __future__ import annotations

from typing import Any

import keras

from tuner.training.engines.patches import Patch


def _is_strided(layer: Any) -> bool:
    if type(layer) is not keras.layers.Conv2D or layer.data_format != "channels_last":
        return False
    return tuple(layer.kernel_size) == (1, 1) and max(layer.strides) > 1


def _convolution_op(self: Any, inputs: Any, kernel: Any) -> Any:
    """Takes the place of `Conv2D.convolution_op`; with a 1x1 kernel nothing is ever padded."""
    rows, columns = self.strides
    return keras.ops.conv(inputs[:, ::rows, ::columns], kernel, data_format=self.data_format)


PATCH = Patch(_is_strided, "convolution_op", _convolution_op)
"""Strided 1x1 convolutions."""
