"""Waits for a storage that cannot be used for a moment."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

LONGEST = 120.0
"""Seconds to wait for a server that is away, or for another process's write to an SQLite file."""
AFTER_STOP = 10.0
"""Seconds to wait where the user or the time limit has asked to stop."""
LONGEST_PAUSE = 5.0


class Patience:
    """How long the calls of one process wait for its storage, and who is told of it.

    Attributes:
        notify: Is told once, when the waiting begins, for what.
        stopping: Whether the process was asked to stop.
        longest: Seconds that a call waits at most.
    """

    def __init__(
        self,
        notify: Callable[[str], None] = log.warning,
        stopping: Callable[[], bool] = lambda: False,
        longest: float = LONGEST,
    ) -> None:
        self.notify = notify
        self.stopping = stopping
        self.longest = longest
        self._told = False
        self._lock = threading.Lock()

    def wait(self, attempt: int, waited: float, why: str) -> bool:
        """Waits a little before the next attempt; false where it has been long enough.

        Args:
            attempt: How many attempts there have been, from 1.
            waited: Seconds since the first of them failed.
            why: For what to wait, one sentence without its point.
        """
        if waited >= self._longest():
            return False
        with self._lock:  # a worker's heartbeat waits in a thread of its own
            told, self._told = self._told, True
        if not told:
            self.notify(f"{why}; waiting up to {self.longest:.0f} s for it.")
        pause = min(LONGEST_PAUSE, 0.1 * 2.0**attempt) * random.uniform(0.5, 1.0)
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and waited < self._longest():
            time.sleep(min(left, 0.25))
            waited += min(left, 0.25)
        return True

    @contextlib.contextmanager
    def ended_by(self, stopping: Callable[[], bool]) -> Iterator[None]:
        """Within the context, waits only a little where this says that the process is to stop."""
        before, self.stopping = self.stopping, stopping
        try:
            yield
        finally:
            self.stopping = before

    def over(self) -> None:
        """The storage answers again: the next time it does not is told anew."""
        with self._lock:
            self._told = False

    def _longest(self) -> float:
        return min(self.longest, AFTER_STOP) if self.stopping() else self.longest
