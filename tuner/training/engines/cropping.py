"""Cropping on TensorFlow by an operation whose gradient is fast.

A crop of channels, as a shortcut takes that leads into a narrower block, is a strided slice in
Keras; its gradient goes number by number. That of a plain slice is padding.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tuner.training.engines.patches import Patch


def _is_crop(layer: Any) -> bool:
    return type(layer) is keras.layers.Cropping2D


def _call(self: Any, inputs: Any) -> Any:
    """Takes the place of `Cropping2D.call`."""
    shape = self.compute_output_shape(inputs.shape)
    if None in shape[1:]:
        return type(self).call(self, inputs)
    (top, _), (left, _) = self.cropping
    begin = [0, 0, top, left] if self.data_format == "channels_first" else [0, top, left, 0]
    return tf.slice(inputs, begin, [-1, *shape[1:]])


PATCH = Patch(_is_crop, "call", _call)
"""Cropping of images."""
