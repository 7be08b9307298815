"""Which workers of this machine have shown no sign of life for too long."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from optuna.trial import FrozenTrial

from tuner.records.keys import TrialKey

SILENT_SECONDS = 300.0
"""A worker without a sign of life for so long, ten heartbeats, hangs where nothing can reach it."""
MOST_AT_ONCE = 5.0
"""Seconds that count, at most, between two looks: what passes while a storage does not answer, or
while this process is stopped, is nobody's silence."""


class Silence:
    """How long each worker has been silent: no heartbeat, no epoch, no other trial.

    Args:
        clock: Seconds that never jump.
        allowed: Seconds from which on it is too long.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, allowed: float = SILENT_SECONDS
    ) -> None:
        self.allowed = allowed
        self._clock = clock
        self._last = clock()
        self._seen: dict[int, tuple[Any, float]] = {}

    def too_long(self, running: Iterable[FrozenTrial]) -> set[int]:
        """Process ids of those that have been silent for too long; to be called every second.

        Args:
            running: The study's running trials, as the storage has them now.
        """
        now = self._clock()
        passed = min(now - self._last, MOST_AT_ONCE)
        self._last = now
        seen: dict[int, tuple[Any, float]] = {}
        for trial in running:
            worker = trial.user_attrs.get(TrialKey.WORKER)
            if worker is None or worker["host"] != socket.gethostname():
                continue
            sign = (
                trial.number,
                trial.user_attrs.get(TrialKey.HEARTBEAT),
                max(trial.intermediate_values, default=0),
            )
            before, quiet = self._seen.get(worker["pid"], (None, 0.0))
            seen[worker["pid"]] = (sign, quiet + passed if sign == before else 0.0)
        self._seen = seen
        return {pid for pid, (_, quiet) in seen.items() if quiet >= self.allowed}
