"""TODO."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def wants_one_hot(model: Any) -> bool:
    """Whether the model's loss takes one-hot labels rather than class indices."""
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else type(loss).__name__
    name = getattr(loss, "__name__", name)
    return "sparse" not in name.lower()


def encode(labels: Array, num_classes: int) -> Array:
    """One-hot labels.

    Args:
        labels: Class indices, [n].
        num_classes: How many classes there are.

    Returns:
        float32, [n, num_classes].
    """
    table: Array = np.eye(num_classes, dtype=np.float32)
    rows: Array = table[np.asarray(labels)]
    return rows
