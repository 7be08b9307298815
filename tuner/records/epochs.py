"""TODO."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave; accuracies are fractions, NaN where nothing was validated."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


def read_epoch(fields: Mapping[str, Any]) -> Epoch:
    read: dict[str, Any] = {k: math.nan if v is None else v for k, v in fields.items()}
    return Epoch(**read)
