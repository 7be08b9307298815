"""What metrics of numbers take out of a model's predictions."""

from __future__ import annotations

import math

import numpy as np

from tuner.objectives.metrics.base import Array, ScoreMetric
from tuner.objectives.tasks import Task

NUMBERS: frozenset[Task] = frozenset(("regression",))
"""Of metrics that need numbers as answers."""


class ErrorMetric(ScoreMetric):
    """How far predictions are from the answers: 0 at best, and without a worst value."""

    greater_is_better = False
    worst = math.inf
    best = 0.0
    more_digits = None
    unit = None
    tasks = NUMBERS


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
