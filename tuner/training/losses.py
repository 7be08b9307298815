"""What the loss that a model was compiled with takes, told by trying it.

Neither the name of a loss nor that it accepts some labels says that it understands them: many
broadcast what does not fit. So it is tried with predictions that are right, and with the same ones
for the wrong examples, which must cost more.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from tuner.basics.causes import cause_of
from tuner.training.arrays import Array

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid", "sparsemax"})
"""Activations that give probabilities, whatever a loss takes a model's numbers for."""


def loss_of(model: Any, output: str | None = None) -> Any:
    """The loss that a model was compiled with, as something to call.

    Args:
        model: A compiled Keras model.
        output: One of its outputs; None where it has only one.

    Returns:
        The loss; None where the model brings its own way to one.
    """
    import keras

    loss = getattr(model, "loss", None)
    if isinstance(loss, Mapping):
        loss = loss.get(output) if output is not None else _only(list(loss.values()))
    elif isinstance(loss, list | tuple):
        names = list(getattr(model, "output_names", None) or ())
        chosen = names.index(output) if output in names else None
        loss = _only(loss) if chosen is None or len(loss) <= chosen else loss[chosen]
    return keras.losses.get(loss) if isinstance(loss, str | dict) else loss


def _only(losses: Any) -> Any:
    return losses[0] if len(losses) == 1 else None


def own_loss(model: Any, example: Any) -> Any:
    """The loss that a model of a user's class computes by itself; None where it does not."""
    import keras

    if type(model).compute_loss is keras.Model.compute_loss:
        return None
    return lambda y, scores: model.compute_loss(x=example, y=y, y_pred=scores, sample_weight=None)


def name_of(loss: Any) -> str:
    """What to call a loss in a message."""
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__))


def cost(loss: Any, labels: Array, scores: Array) -> float:
    """What a loss says of a batch."""
    import keras

    found = loss(keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(scores))
    return float(np.mean(keras.ops.convert_to_numpy(found)))


def prefers(loss: Any, labels: Array, right: Array, wrong: Array) -> bool | None:
    """Whether right predictions cost less than wrong ones; None where the labels do not fit."""
    costs = [_tried(loss, labels, scores) for scores in (right, wrong)]
    if None in costs:
        return None
    return bool(np.isfinite(costs).all() and costs[0] < costs[1])  # type: ignore[operator,arg-type]


def why_not(loss: Any, labels: Array, scores: Array) -> str:
    """What a loss says to labels that it does not understand."""
    try:
        found = cost(loss, labels, scores)
    except Exception as error:
        return cause_of(error).rstrip(".")
    return f"it gives {found}"


def takes_logits(loss: Any, labels: Array, activation: str) -> bool:
    """Whether a loss takes what a model gives for logits, not for probabilities.

    The loss says it; of a function of the user's own it is told by what right and wrong
    predictions cost.

    Args:
        loss: Something to call; None: nothing is known of it.
        labels: As the loss takes them, [n, 1] for one unit, else [n] or [n, classes].
        activation: Name of the activation that the model ends with.
    """
    if activation in PROBABILITIES or loss is None:
        return False
    if (declared := _declared(loss)) is not None:
        return declared
    if labels.ndim == 2 and labels.shape[1] == 1:
        return _divides_at_zero(loss)
    classes = labels.astype(int) if labels.ndim == 1 else labels.argmax(axis=1)
    marked = np.eye(int(classes.max()) + 1, dtype=np.float32)[classes]
    near, far = (_tried(loss, labels, marked * size) for size in (1.0, 20.0))
    # Of probabilities, one that exceeds 1 costs as much, or something that no cost is.
    return near is not None and far is not None and -1e-3 <= far < near - 0.05


def _declared(loss: Any) -> bool | None:
    """What a loss itself says of logits."""
    for said in (getattr(loss, "_fn_kwargs", None), getattr(loss, "keywords", None)):
        if isinstance(said, Mapping) and "from_logits" in said:
            return bool(said["from_logits"])
    if isinstance(said := getattr(loss, "from_logits", None), bool):
        return said
    function = getattr(loss, "fn", loss) if not isinstance(loss, functools.partial) else loss.func
    with contextlib.suppress(TypeError, ValueError, KeyError):
        default = inspect.signature(function).parameters["from_logits"].default
        return default if isinstance(default, bool) else None
    return None


def _divides_at_zero(loss: Any) -> bool:
    """Whether a loss of one number is undecided between two classes at 0, not at one half."""

    def undecided(at: float) -> float:
        score = np.full((1, 1), at, np.float32)
        costs = [_tried(loss, np.full((1, 1), y, np.float32), score) for y in (0.0, 1.0)]
        if None in costs or not np.isfinite(costs).all():  # type: ignore[arg-type]
            return 1.0
        first, second = (abs(c or 0.0) for c in costs)
        return abs(first - second) / max(first + second, 1e-12)

    return undecided(0.0) < undecided(0.5)


def _tried(loss: Any, labels: Array, scores: Array) -> float | None:
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        return cost(loss, labels, scores)
    return None
