"""How a training fails: its loss is no number any more, or memory runs out."""

from __future__ import annotations

import math

from tuner.records.epochs import Epoch


def diverged(epoch: Epoch) -> bool:
    """Whether the loss is no longer a finite number; without validation, that of training."""
    validated = not math.isnan(epoch.val_measured)
    return not (math.isfinite(epoch.loss) and (not validated or math.isfinite(epoch.val_loss)))


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception, of whatever backend, says that memory ran out."""
    text = f"{type(error).__name__} {error}".lower()
    signs = ("out of memory", "resource_exhausted", "resourceexhausted", "oom when")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)
