"""What brings numbers to a mean of 0 and a spread of 1: models learn best from such."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.kinds import InputsKind
from tuner.data.raw import Part

PIECE = 2**24  # numbers looked at at a time
MOST_CHANNELS = 256
Normalization = dict[str, list[float]]
"""``mean`` and ``deviation`` of each channel, the last axis."""


def normalization_of(part: Part, rows: NDArray[np.int64]) -> Any:
    """Mean and standard deviation of each channel over some rows of a part.

    Args:
        part: Training examples.
        rows: Which of them, int64 [n].

    Returns:
        A `Normalization`, of one number for all channels where there are more than
        `MOST_CHANNELS`; None for bytes, whose range says enough; of several inputs a dict.
    """
    found = {name: _of(array, rows) for name, array in part.arrays.items()}
    return found if isinstance(part.kind, InputsKind) else next(iter(found.values()))


def _of(array: NDArray[Any], rows: NDArray[np.int64]) -> Normalization | None:
    if array.dtype == np.uint8 or not array.size:
        return None
    channels = array.shape[-1] if array.ndim > 1 else 1
    if channels > MOST_CHANNELS:
        channels = 1
    total, squares, count = np.zeros(channels), np.zeros(channels), 0
    first = None
    step = max(1, PIECE // max(1, array[:1].size))
    for start in range(0, len(rows), step):
        piece = array[rows[start : start + step]].reshape(-1, channels).astype(np.float64)
        if first is None:
            first = piece.mean(axis=0)  # differences from it are small: nothing is cancelled
        piece -= first
        total += piece.sum(axis=0)
        squares += (piece * piece).sum(axis=0)
        count += len(piece)
    if first is None or not count:
        return None
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean * mean, 0))
    # A channel that never changes is left at 0.
    deviation[deviation == 0] = 1
    return {"mean": (first + mean).tolist(), "deviation": deviation.tolist()}
