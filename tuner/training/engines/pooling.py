"""Maximum pooling of windows side by side as the maximum of each.

Keras's gradient of it on JAX looks for the window that a number came from and adds to it there, in
no certain order on a GPU. Windows that do not overlap need no adding. Of equal numbers in a window
all share its gradient; stock Keras gives it to the first.
"""

from __future__ import annotations

from typing import Any

import keras

from tuner.training.engines.patches import Patch


def _is_apart(layer: Any) -> bool:
    if type(layer) is not keras.layers.MaxPooling2D or layer.data_format != "channels_last":
        return False
    return layer.padding == "valid" and tuple(layer.pool_size) == tuple(layer.strides)


def _call(self: Any, inputs: Any) -> Any:
    """Takes the place of `MaxPooling2D.call`; what fills no window is left out."""
    (high, wide), (_, height, width, channels) = self.pool_size, inputs.shape
    rows, columns = height // high, width // wide
    whole = inputs[:, : rows * high, : columns * wide]
    windows = keras.ops.reshape(whole, (-1, rows, high, columns, wide, channels))
    return keras.ops.max(windows, axis=(2, 4))


PATCH = Patch(_is_apart, "call", _call)
"""Maximum pooling with strides of the window's size."""
