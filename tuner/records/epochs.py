"""What each epoch gave, typed and as it is stored."""

from __future__ import annotations

import dataclasses
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


def epoch_fields(epoch: Epoch) -> dict[str, float | int | None]:
    """An epoch for the storage, whose JSON has no NaN.

    A very large number stands for a loss that is none, null for what was not validated.
    """
    fields = dataclasses.asdict(epoch)
    if math.isnan(epoch.val_accuracy):
        fields |= {"val_loss": None, "val_accuracy": None}
    return {
        k: (v if not isinstance(v, float) or math.isfinite(v) else 1e30) for k, v in fields.items()
    }


def read_epoch(fields: Mapping[str, Any]) -> Epoch:
    """An epoch as `epoch_fields` gave it."""
    read: dict[str, Any] = {k: math.nan if v is None else v for k, v in fields.items()}
    return Epoch(**read)
