"""How a model wants its labels, told by trying them on its loss."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tuner.basics.causes import cause_of
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
        _check_single(model)
        return "binary"
    if units != num_classes:
        one = " (or one number, where there are two)"
        raise SpaceError(
            f"the model gives {units} numbers for an image, but there are {num_classes} classes; "
            f"end build() with a layer of {num_classes} units, one for each class{one}."
        )
    loss = _loss(model) or _own_loss(model, example)
    if loss is None:  # the model brings its own way to a loss
        return _stepped(model, example, num_classes)
    tried: dict[Coding, bool | None] = {
        coding: _understands(loss, coding, num_classes) for coding in ("index", "one_hot")
    }
    for wanted in (True, False):
        for coding, understood in tried.items():
            if understood is wanted:
                return coding
    raise SpaceError(
        f"the model's loss {_name(loss)!r} takes neither class indices, [n], nor one-hot labels, "
        f"[n, {num_classes}] ({_why_not(loss, num_classes)}); compile it with "
        "'sparse_categorical_crossentropy'."
    )


def _check_single(model: Any) -> None:
    """Looks at a model of one output.

    Raises:
        SpaceError: Its output says nothing, or its loss does not take one number for two classes.
    """
    last = (getattr(model, "layers", None) or [None])[-1]
    if getattr(getattr(last, "activation", None), "__name__", "") == "softmax":
        raise SpaceError(
            "the model ends with a softmax of one unit, which is 1 for every example; "
            "use a sigmoid, or two units."
        )
    loss = _loss(model)
    if loss is not None and not _understands(loss, "binary", 2):
        raise SpaceError(
            f"the model gives one number for two classes, which its loss {_name(loss)!r} does not "
            "take; compile it with 'binary_crossentropy', or end build() with two units."
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
    graph = getattr(model, "outputs", None)
    given = getattr(model, "_outputs_struct", graph) if graph else model(example)
    if isinstance(given, Mapping):
        raise SpaceError("the model's output is a dict; give the tensor in it.")
    shapes = [tuple(o.shape) for o in keras.tree.flatten(given)]
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


def _own_loss(model: Any, example: Array) -> Any:
    """The loss that a model of a user's class computes by itself; None where it does not."""
    import keras

    if type(model).compute_loss is keras.Model.compute_loss:
        return None
    return lambda y, scores: model.compute_loss(x=example, y=y, y_pred=scores, sample_weight=None)


def _stepped(model: Any, example: Array, num_classes: int) -> Coding:
    """The coding that a model of a user's class, with steps of its own, can be tested with."""
    import keras

    if type(model).test_step is keras.Model.test_step:
        return "one_hot"
    count = 2 * num_classes + 1
    x = keras.ops.convert_to_tensor(np.repeat(example, count, axis=0))
    labels = np.arange(count) % num_classes
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        model.test_step((x, keras.ops.convert_to_tensor(encode(labels, num_classes, "index"))))
        return "index"
    return "one_hot"


def _name(loss: Any) -> str:
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__))


def _understands(loss: Any, coding: Coding, num_classes: int) -> bool | None:
    """Whether right predictions cost less than wrong ones; None where the labels do not fit."""
    labels, right = _right(coding, num_classes)
    wrong = 1 - right if coding == "binary" else np.roll(right, 1, axis=1)
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        costs = [_cost(loss, labels, scores) for scores in (right, wrong)]
        return bool(np.isfinite(costs).all() and costs[0] < costs[1])
    return None


def _right(coding: Coding, num_classes: int) -> tuple[Array, Array]:
    """Labels, and scores that are right for them."""
    count = 2 * num_classes + 1  # as many as classes would broadcast along the wrong axis
    classes = np.arange(count) % num_classes
    right = np.full((count, num_classes), 0.1 / num_classes, np.float32)
    right[np.arange(count), classes] += 0.9
    return encode(classes, num_classes, coding), right[:, 1:] if coding == "binary" else right


def _why_not(loss: Any, num_classes: int) -> str:
    """What a loss says to class indices."""
    try:
        cost = _cost(loss, *_right("index", num_classes))
    except Exception as error:
        return cause_of(error).rstrip(".")
    return f"it gives {cost}"


def _cost(loss: Any, labels: Array, scores: Array) -> float:
    import keras

    found = loss(keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(scores))
    return float(np.mean(keras.ops.convert_to_numpy(found)))
