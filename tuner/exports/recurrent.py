"""Recurrent layers written out step by step, for converters that have no loop over a sequence.

TFLite knows neither the lists that TensorFlow's loops fill nor a batch of any size in them; the
same steps one after the other are plain arithmetic, with the same numbers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tuner.errors import ExportError

MOST_STEPS = 512
"""Steps that are written out: each is a dozen operators in the file."""


@contextlib.contextmanager
def unrolled(model: Any) -> Iterator[None]:
    """As long as it lasts, the model's recurrent layers are called step by step.

    What is called meanwhile must know how many steps there are.

    Raises:
        ExportError: There are too many.
    """
    some = [layer for layer in _layers(model) if not layer.unroll]
    for layer in some:
        _check_steps(layer)
    for layer in some:
        layer.unroll = True
    try:
        yield
    finally:
        for layer in some:
            layer.unroll = False


def _check_steps(layer: Any) -> None:
    try:
        steps = layer.input.shape[1]
    except AttributeError:  # a layer inside another: only that one knows
        return
    if steps is not None and steps > MOST_STEPS:
        raise ExportError(
            f"layer {layer.name!r} takes {steps} steps: TFLite has no loop, and more than "
            f"{MOST_STEPS} steps are not written out one by one; shorten the sequence, or export "
            "as onnx or keras."
        )


def _layers(model: Any) -> list[Any]:
    """The recurrent layers, those inside others included."""
    import keras

    return [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN)]
