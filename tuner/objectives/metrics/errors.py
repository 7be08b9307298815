"""What metrics of numbers take out of a model's predictions."""

from __future__ import annotations

import numpy as np

from tuner.objectives.metrics.base import Array, Task

NUMBERS: frozenset[Task] = frozenset(("regression",))
"""Of metrics that need numbers as answers."""


def paired(y_true: Array, scores: Array) -> tuple[Array, Array]:
    """Answers and predictions, both [n, outputs].

    Raises:
        ValueError: They are not as many.
    """
    truth, given = np.asarray(y_true, np.float64), np.asarray(scores, np.float64)
    if truth.size != given.size:
        raise ValueError(
            f"answers have the shape {truth.shape}, predictions {given.shape}: give as many."
        )
    return truth.reshape(len(truth), -1), given.reshape(len(truth), -1)
