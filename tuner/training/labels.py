"""How a model wants its labels, told by trying them on its loss."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tuner.errors import SpaceError

Array = npt.NDArray[Any]
Coding = Literal["index", "one_hot", "binary"]
"""``index``: [n], int64. ``one_hot``: [n, classes], float32. ``binary``: [n, 1], float32, for two
classes and a model of one output."""


def coding_of(model: Any, example: Array, num_classes: int) -> Coding:
    """The coding in which a model's loss takes labels.

    Neither the name of a loss nor that it accepts some labels says that it understands them: many
    broadcast what does not fit. So each coding is tried with predictions that are right and with
    the same ones for the wrong classes, which must cost more.

    Args:
        model: A compiled Keras model.
        example: A batch of one image, [1, height, width, channels].
        num_classes: How many classes there are.

    Raises:
        SpaceError: The output is not one number a class, or the loss takes no coding.
    """
    units = _outputs(model, example)
    if units == 1 and num_classes == 2:
        return "binary"
    if units != num_classes:
        one = " (or one number, where there are two)"
        raise SpaceError(
            f"the model gives {units} numbers for an image, but there are {num_classes} classes; "
            f"end build() with a layer of {num_classes} units, one for each class{one}."
        )
    loss = _loss(model)
    if loss is None:  # the model brings its own way to a loss
        return "one_hot"
    tried: dict[Coding, bool | None] = {
        coding: _understands(loss, coding, num_classes) for coding in ("index", "one_hot")
    }
    for wanted in (True, False):
        for coding, understood in tried.items():
            if understood is wanted:
                return coding
    raise SpaceError(
        f"the model's loss {_name(loss)!r} takes neither class indices, [n], nor one-hot labels, "
        f"[n, {num_classes}]; compile it with 'sparse_categorical_crossentropy'."
    )


def encode(labels: Array, num_classes: int, coding: Coding = "one_hot") -> Array:
    """Labels as a loss takes them.

    Args:
        labels: Class indices, [n].
        num_classes: How many classes there are.
        coding: How.
    """
    indices: Array = np.asarray(labels)
    if coding == "index":
        return indices
    if coding == "binary":
        return indices.astype(np.float32)[:, None]
    rows: Array = np.eye(num_classes, dtype=np.float32)[indices]
    return rows


def _outputs(model: Any, example: Array) -> int:
    """How many numbers the model gives for an image."""
    import keras

    # A graph says it at once; a model of one's own class is called.
    graph = hasattr(model, "outputs") and model.outputs
    shapes = [
        tuple(o.shape) for o in (model.outputs if graph else keras.tree.flatten(model(example)))
    ]
    if len(shapes) != 1:
        raise SpaceError(
            f"the model has {len(shapes)} outputs; give it one, of one number a class."
        )
    if len(shapes[0]) != 2:
        raise SpaceError(
            f"the model's output has the shape {shapes[0][1:]} for an image; end build() with a "
            "layer that gives one number for each class, such as Flatten and Dense."
        )
    return int(shapes[0][1])


def _loss(model: Any) -> Any:
    """The one loss that a model was compiled with, as something to call."""
    import keras

    loss = getattr(model, "loss", None)
    if isinstance(loss, Mapping):
        loss = list(loss.values())
    if isinstance(loss, list | tuple):
        loss = loss[0] if len(loss) == 1 else None
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def _name(loss: Any) -> str:
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__))


def _understands(loss: Any, coding: Coding, num_classes: int) -> bool | None:
    """Whether right predictions cost less than wrong ones; None where the labels do not fit."""
    count = 2 * num_classes + 1  # as many as classes would broadcast along the wrong axis
    classes = np.arange(count) % num_classes
    labels = encode(classes, num_classes, coding)
    right = np.full((count, num_classes), 0.1 / num_classes, np.float32)
    right[np.arange(count), classes] += 0.9
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        costs = [_cost(loss, labels, scores) for scores in (right, np.roll(right, 1, axis=1))]
        return bool(np.isfinite(costs).all() and costs[0] < costs[1])
    return None


def _cost(loss: Any, labels: Array, scores: Array) -> float:
    import keras

    found = loss(keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(scores))
    return float(np.mean(keras.ops.convert_to_numpy(found)))
