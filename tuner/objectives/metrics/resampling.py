"""How a metric varies over sets of examples, for metrics of which only values can be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Measure = Callable[[Array, Array], float]
"""From the truth and the scores of some examples to a number: `Metric.of`."""

DRAWS = 200
"""Sets of examples that a standard error rests on: it is known to a twentieth then."""


def resampled(
    of: Measure, y_true: Array, scores: Array, draws: int = DRAWS, seed: int = 0
) -> Array:
    """The metric of sets of examples drawn with replacement, [draws].

    Each class keeps its number of examples: B. Efron, R. J. Tibshirani: "An introduction to the
    bootstrap", 1993.
    """
    rng = np.random.default_rng(seed)
    return np.array([of(y_true[rows], scores[rows]) for rows in _rows(y_true, draws, rng)])


def standard_error(
    of: Measure, y_true: Array, scores: Array, draws: int = DRAWS, seed: int = 0
) -> float:
    """The standard deviation of `resampled`."""
    return float(resampled(of, y_true, scores, draws, seed).std(ddof=1))


def _rows(y_true: Array, draws: int, rng: np.random.Generator) -> Iterator[Array]:
    strata = _strata(y_true)
    for _ in range(draws):
        yield np.concatenate([rng.choice(rows, len(rows)) for rows in strata])


def _strata(y_true: Array) -> list[Array]:
    """Examples of each class; of numbers all of them."""
    truth = np.asarray(y_true)
    if truth.ndim != 1 or not np.issubdtype(truth.dtype, np.integer):
        return [np.arange(len(truth))]
    return [np.flatnonzero(truth == each) for each in np.unique(truth)]
