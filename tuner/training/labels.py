"""How a model wants its answers, told by trying them on its loss."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, Literal

import numpy as np

from tuner.errors import SpaceError
from tuner.objectives.tasks import Task
from tuner.training.arrays import Array, Arrays
from tuner.training.losses import loss_of, name_of, own_loss, prefers, why_not
from tuner.training.outputs import Output, output_of

Coding = Literal["index", "one_hot", "binary", "number"]
"""``index``: [n], int64. ``one_hot``: [n, classes], float32. ``binary``: [n, 1], float32, for two
classes and a model of one output. ``number``: [n, k], float32, of regression."""


def coding_of(
    model: Any,
    example: Arrays,
    num_classes: int,
    *,
    task: Task = "classification",
    output: str | None = None,
    answers: Array | None = None,
) -> Coding:
    """The coding in which a model's loss takes answers.

    Args:
        model: A compiled Keras model.
        example: A batch of one example, [1, ...].
        num_classes: How many classes there are; in regression the numbers of an answer.
        task: What kind of answers they are.
        output: The output that they are for, of a model of several.
        answers: Some of them, to try the loss of a regression on.

    Raises:
        SpaceError: The output is not one number a class, or the loss takes no coding.
    """
    if task == "regression":
        return of_numbers(model, example, num_classes, output, answers)
    found = output_of(model, example, output)
    loss = loss_of(model, output) or own_loss(model, example)
    if found.units == 1 and num_classes == 2:
        _check_single(loss, found)
        return "binary"
    if found.units != num_classes:
        one = " (or one number, where there are two)"
        raise SpaceError(
            f"the model gives {found.units} numbers for an example, but there are {num_classes} "
            f"classes; end build() with a layer of {num_classes} units, one for each class{one}."
        )
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
        f"the model's loss {name_of(loss)!r} takes neither class indices, [n], nor one-hot labels, "
        f"[n, {num_classes}] ({why_not(loss, *right_scores('index', num_classes))}); compile it "
        "with 'sparse_categorical_crossentropy'."
    )


def of_numbers(
    model: Any, example: Arrays, count: int, output: str | None, answers: Array | None
) -> Coding:
    """Of a regression.

    Raises:
        SpaceError: The output does not give as many numbers as an answer has, or the loss finds
            right ones no better than wrong ones.
    """
    numbers = "one number" if count == 1 else f"{count} numbers"
    found = output_of(model, example, output, numbers)
    if found.units != count:
        plural = "s" if found.units != 1 else ""
        raise SpaceError(
            f"the model gives {found.units} number{plural} for an example, but an answer is "
            f"{numbers}; end build() with Dense({count})."
        )
    if found.activation == "softmax" and count == 1:
        raise SpaceError(
            "the model ends with a softmax of one unit, which is 1 for every example; end build() "
            "with Dense(1), without an activation."
        )
    loss = loss_of(model, output) or own_loss(model, example)
    if loss is None or answers is None:
        return "number"
    right = encode(answers, count, "number")
    if prefers(loss, right, right, _wrong(right)) is not True:
        raise SpaceError(
            f"the model's loss {name_of(loss)!r} is no lower for right numbers than for wrong ones "
            f"({why_not(loss, right, right)} for right ones); compile it with a loss for "
            "regression, such as 'mse' or 'mae'."
        )
    return "number"


def _wrong(right: Array) -> Array:
    """Answers that are wrong for most examples, and such as the data have."""
    wrong = np.roll(right, 1, axis=0)
    return wrong if (wrong != right).any() else right + 1 + np.abs(right)


def _check_single(loss: Any, found: Output) -> None:
    """Looks at a model of one output.

    Raises:
        SpaceError: Its output says nothing, or its loss does not take one number for two classes.
    """
    if found.activation == "softmax":
        raise SpaceError(
            "the model ends with a softmax of one unit, which is 1 for every example; "
            "use a sigmoid, or two units."
        )
    if loss is not None and not _understands(loss, "binary", 2):
        raise SpaceError(
            f"the model gives one number for two classes, which its loss {name_of(loss)!r} does "
            "not take; compile it with 'binary_crossentropy', or end build() with two units."
        )


def encode(labels: Array, num_classes: int, coding: Coding = "one_hot") -> Array:
    """Answers as a loss takes them.

    Args:
        labels: Class indices, [n]; of a regression numbers, [n] or [n, k].
        num_classes: How many classes there are.
        coding: How.
    """
    indices: Array = np.asarray(labels)
    if coding == "index":
        return indices
    if coding == "binary":
        return indices.astype(np.float32)[:, None]
    if coding == "number":
        numbers: Array = indices.astype(np.float32, copy=False)
        return numbers[:, None] if numbers.ndim == 1 else numbers
    rows: Array = np.eye(num_classes, dtype=np.float32)[indices]
    return rows


def _stepped(model: Any, example: Arrays, num_classes: int) -> Coding:
    """The coding that a model of a user's class, with steps of its own, can be tested with."""
    import keras

    if not getattr(model, "compiled", True):  # its labels are for a loop of the user's own
        return "index"
    if type(model).test_step is keras.Model.test_step:
        return "one_hot"
    count = 2 * num_classes + 1
    x = keras.tree.map_structure(
        lambda part: keras.ops.convert_to_tensor(np.repeat(part, count, axis=0)), example
    )
    labels = np.arange(count) % num_classes
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        model.test_step((x, keras.ops.convert_to_tensor(encode(labels, num_classes, "index"))))
        return "index"
    return "one_hot"


def _understands(loss: Any, coding: Coding, num_classes: int) -> bool | None:
    """Whether right predictions cost less than wrong ones; None where the labels do not fit."""
    labels, right = right_scores(coding, num_classes)
    return prefers(
        loss, labels, right, 1 - right if coding == "binary" else np.roll(right, 1, axis=1)
    )


def right_scores(coding: Coding, num_classes: int) -> tuple[Array, Array]:
    """Labels, and scores that are right for them."""
    count = 2 * num_classes + 1  # as many as classes would broadcast along the wrong axis
    classes = np.arange(count) % num_classes
    right = np.full((count, num_classes), 0.1 / num_classes, np.float32)
    right[np.arange(count), classes] += 0.9
    return encode(classes, num_classes, coding), right[:, 1:] if coding == "binary" else right
