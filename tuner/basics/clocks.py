"""A clock that stands still while this process could not look at it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MOST_AT_ONCE = 30.0
"""Seconds that count between two looks of a process that looks often."""
SAME_LOOK = 1.0
"""Seconds that belong to one look: a process that goes through many things at a time."""


class WakingClock:
    """Seconds in which this process was awake.

    A laptop that sleeps looks at nobody, and a steady clock has counted that time on Windows. So
    between two looks there pass at most as many seconds as did before, or `MOST_AT_ONCE`.

    Args:
        clock: Seconds that are never set back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._before, self._awake = math.inf, 0.0

    def __call__(self) -> float:
        """A look."""
        passed = (now := self._clock()) - self._last
        if passed >= SAME_LOOK:
            self._awake += min(passed, max(MOST_AT_ONCE, self._before))
            self._last, self._before = now, passed
        return self._awake
