"""Curves of block characters, for lines of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuner.records.epochs import Epoch

BLOCKS = "▁▂▃▄▅▆▇█"


def cells(history: Sequence[Epoch], horizon: int, width: int) -> list[float | None]:
    """The curve in `width` cells of equal span, each its last value; None where not trained."""
    width = max(1, min(width, horizon))
    found: list[float | None] = [None] * width
    for epoch in history:
        at = min(width - 1, (epoch.epoch - 1) * width // horizon)
        found[at] = epoch.val_measured
    return found


def block(measured: float, floor: float, top: float) -> str:
    """One cell of a curve: a full block where `top` is reached, the lowest at `floor`.

    `top` may be below `floor`: then less is better.
    """
    if not math.isfinite(measured) or top == floor:
        return BLOCKS[0]
    share = (measured - floor) / (top - floor)
    if share >= 1:
        return BLOCKS[-1]
    # The full block is kept for the target, so that a curve which meets it can be told.
    return BLOCKS[max(0, min(len(BLOCKS) - 2, int(share * (len(BLOCKS) - 1))))]
