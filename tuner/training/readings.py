"""How one model takes its answers and how its scores are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.errors import SpaceError
from tuner.training.arrays import Array, Arrays
from tuner.training.examples import Examples, answers_of
from tuner.training.labels import Coding, coding_of, encode, of_numbers, right_scores
from tuner.training.losses import loss_of, takes_logits
from tuner.training.outputs import chosen, output_of

TRIED = 64
"""Answers on which the loss of a regression is tried."""


@dataclass(frozen=True)
class Reading:
    """How one model takes answers, and what its numbers mean.

    Attributes:
        coding: Of the answers of the output that is measured.
        num_classes: How many classes there are; in regression the numbers of an answer.
        logits: Whether its numbers are logits, which a sigmoid or a softmax makes probabilities.
        output: Name of that output, where the model has several.
        others: Codings of the other outputs.
    """

    coding: Coding
    num_classes: int
    logits: bool = False
    output: str | None = None
    others: tuple[tuple[str, Coding, int], ...] = ()

    def encode(self, y: Arrays) -> Any:
        """Answers as the model's losses take them; a dict of them where there are several."""
        if not isinstance(y, Mapping):
            if not self.others:
                return encode(y, self.num_classes, self.coding)
            # All outputs learn the same.
            y = dict.fromkeys([str(self.output), *(name for name, *_ in self.others)], y)
        codings = {name: (coding, classes) for name, coding, classes in self.others}
        codings[str(self.output)] = self.coding, self.num_classes
        return {n: encode(v, codings[n][1], codings[n][0]) for n, v in y.items() if n in codings}

    def encode_one(self, y: Array) -> Array:
        """Answers of the output that is measured, as its loss takes them."""
        return encode(y, self.num_classes, self.coding)

    def chosen(self, model: Any, given: Any) -> Array:
        """The numbers of the output that is measured, of what a model gives for n examples."""
        found = np.asarray(chosen(model, given, self.output))
        return found.astype(np.float32) if found.dtype.itemsize < 4 else found

    def scores(self, model: Any, given: Any) -> Array:
        """What metrics take: probabilities wherever the loss says what the numbers mean.

        Args:
            model: Gave it.
            given: Its outputs for n examples.

        Returns:
            [n, classes], the highest is the class's; of regression [n] or [n, k].

        Raises:
            SpaceError: The output is not one number a class.
        """
        found = self.chosen(model, given)
        if self.coding == "number":
            return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
        if found.ndim == 2 and found.shape[1] == 1 and self.num_classes == 2:
            # One number for two classes: it is the second from one half on.
            second = _sigmoid(found) if self.logits else found
            return np.concatenate([1 - second, second], axis=1)
        if found.ndim != 2 or found.shape[1] != self.num_classes:
            raise SpaceError(
                f"the model's output has the shape {found.shape[1:]} for an example; "
                f"it must give one number for each of the {self.num_classes} classes."
            )
        return _softmax(found) if self.logits else found


def reading_of(model: Any, examples: Examples) -> Reading:
    """How a model is to be given its answers, and how its scores are to be read.

    Args:
        model: A compiled Keras model.
        examples: What it is to learn.

    Raises:
        SpaceError: Its output is not what the answers need, or its loss takes no coding of them.
    """
    example = examples.first()
    y = examples.y_train
    output = examples.output
    if isinstance(y, Mapping) and output is None:
        output = next(iter(y)) if len(y) == 1 else None
    truth = answers_of(y, output)[:TRIED]
    coding = coding_of(
        model, example, examples.num_classes, task=examples.task, output=output, answers=truth
    )
    activation = output_of(model, example, output).activation
    if isinstance(y, Mapping):
        others = tuple(
            (name, *_other(model, example, name, np.asarray(values)))
            for name, values in y.items()
            if name != output
        )
    else:
        names = list(getattr(model, "output_names", None) or ()) if output is not None else []
        others = tuple(
            (name, *_alike(model, example, name, examples))
            for name in names
            if name != output and len(names) > 1
        )
    loss = loss_of(model, output)
    logits = coding != "number" and takes_logits(
        loss, right_scores(coding, examples.num_classes)[0], activation
    )
    return Reading(coding, examples.num_classes, logits, output, others)


def _alike(model: Any, example: Arrays, name: str, examples: Examples) -> tuple[Coding, int]:
    """The coding of an output that learns the same answers as the one that is measured."""
    coding = coding_of(
        model,
        example,
        examples.num_classes,
        task=examples.task,
        output=name,
        answers=answers_of(examples.y_train, None)[:TRIED],
    )
    return coding, examples.num_classes


def _other(model: Any, example: Arrays, name: str, y: Array) -> tuple[Coding, int]:
    """The coding of an output that is trained and not measured, and its classes."""
    if np.issubdtype(y.dtype, np.integer) and y.ndim == 1:
        classes = int(y.max(initial=0)) + 1
        units = output_of(model, example, name).units
        classes = max(classes, units if units > 1 else 2)
        return coding_of(model, example, classes, output=name), classes
    count = y.shape[1] if y.ndim == 2 else 1
    return of_numbers(model, example, count, name, y[:TRIED]), count


def _sigmoid(x: Array) -> Array:
    found: Array = 0.5 * (1 + np.tanh(0.5 * x))  # never overflows
    return found


def _softmax(x: Array) -> Array:
    raised = np.exp(x - x.max(axis=1, keepdims=True))
    found: Array = raised / raised.sum(axis=1, keepdims=True)
    return found
