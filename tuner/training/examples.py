"""What one training learns from, and what it is validated on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.objectives.tasks import Task
from tuner.training.arrays import Array, Arrays, some


@dataclass(frozen=True)
class Examples:
    """What one training uses; [n, ...] to learn from and [m, ...] to validate on.

    Attributes:
        x_train: One array, or one for each of several inputs by name.
        y_train: Class indices, int64 [n]; in regression numbers, float32 [n] or [n, k]. For a model
            of several outputs such an array for each, by the output's name.
        x_validation: As `x_train`; may be empty.
        y_validation: As `y_train`.
        num_classes: How many classes there are; in regression the numbers of an answer.
        task: What kind of answers they are.
        weights: How much each training example counts in the loss, float32 [n]; None: all alike.
        validation_weights: The same for validation, [m].
        output: The output that is measured, of a model of several.
        streams: Iterators over batches, ``train`` and ``validation`` (None: nothing is validated),
            of examples that do not fit into memory; then the arrays are those of a first batch.
        class_weight: What each class counts in such a stream; None: all alike.
    """

    x_train: Arrays
    y_train: Arrays
    x_validation: Arrays
    y_validation: Arrays
    num_classes: int
    task: Task = "classification"
    weights: Array | None = None
    validation_weights: Array | None = None
    output: str | None = None
    streams: Any = None
    class_weight: Mapping[int, float] | None = None

    def first(self) -> Arrays:
        """A batch of one example to learn from."""
        return some(self.x_train, slice(0, 1))

    @property
    def validated(self) -> Array:
        """The truth that is measured against, [m] or [m, k]."""
        return answers_of(self.y_validation, self.output)


def answers_of(y: Arrays, output: str | None) -> Array:
    """The answers of one output, where there are several."""
    if isinstance(y, Mapping):
        name = output if output is not None else next(iter(y))
        return np.asarray(y[name])
    return np.asarray(y)
