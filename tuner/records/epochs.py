"""What each epoch gave, typed and as it is stored.

A trial's epochs are stored in blocks, each an attribute of its own. So an epoch writes as much at
the end of a long training as at its beginning, and no attribute outgrows what a database takes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuner.records.keys import TrialKey

BLOCK = 10
"""Epochs in one attribute."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave; ``val_*`` are NaN where nothing was validated.

    Attributes:
        epoch: Its number, from 1.
        loss: Of training.
        measured: The study's metric on the training examples; NaN where it is not known.
        val_loss: Of the validation examples.
        val_measured: The study's metric on the validation examples.
        seconds: What it took, validation included.
    """

    epoch: int
    loss: float
    measured: float
    val_loss: float
    val_measured: float
    seconds: float


STORED = {"measured": "accuracy", "val_measured": "val_accuracy"}
"""How fields are called where epochs are stored, whatever the metric is, if not by their names."""


def stored_fields(epoch: Epoch) -> dict[str, Any]:
    """An epoch by the names under which it is stored, its numbers as they are."""
    return {STORED.get(k, k): v for k, v in dataclasses.asdict(epoch).items()}


def epoch_fields(epoch: Epoch) -> dict[str, float | int | None]:
    """An epoch for the storage, whose JSON has no NaN.

    A very large number stands for a loss that is none, null for what was not measured.
    """
    fields = stored_fields(epoch)
    if math.isnan(epoch.measured):
        fields["accuracy"] = None
    if math.isnan(epoch.val_measured):
        fields |= {"val_loss": None, "val_accuracy": None}
    return {
        k: (v if not isinstance(v, float) or math.isfinite(v) else 1e30) for k, v in fields.items()
    }


def read_epoch(fields: Mapping[str, Any]) -> Epoch:
    """An epoch as `epoch_fields` or `stored_fields` gave it."""
    names = {stored: name for name, stored in STORED.items()}
    read: dict[str, Any] = {
        names.get(k, k): math.nan if v is None else v for k, v in fields.items()
    }
    return Epoch(**read)


def history_attributes(history: Sequence[Epoch], new: int = 1) -> dict[str, Any]:
    """The attributes to write after the latest epochs.

    Args:
        history: All epochs of the trial, from the first.
        new: How many of them have not been written yet.
    """
    first = max(0, len(history) - new) // BLOCK
    return {
        f"{TrialKey.HISTORY}:{block}": [
            epoch_fields(e) for e in history[block * BLOCK : (block + 1) * BLOCK]
        ]
        for block in range(first, -(-len(history) // BLOCK))
    }


def read_history(attributes: Mapping[str, Any]) -> tuple[Epoch, ...]:
    """A trial's epochs, from its attributes; those of version 0.1 have them all in one."""
    return tuple(read_epoch(e) for e in stored_epochs(attributes))


def stored_epochs(attributes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The same, as it is stored."""
    stored = list(attributes.get(TrialKey.HISTORY, ()))
    block = 0
    while (fields := attributes.get(f"{TrialKey.HISTORY}:{block}")) is not None:
        stored += fields
        block += 1
    return stored
