"""Which workers of this machine have shown no sign of life for too long.

A worker that trains renews its heartbeat. One that has no trial yet, or waits for one, uses its
processor a little all the same; a process that is stopped, or stuck in the operating system, uses
none at all. One whose threads still run finds out by itself that it hangs, see
`tuner.workers.movement`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import psutil
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
        used: Seconds of processors that a process has used; None where that cannot be seen.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        allowed: float = SILENT_SECONDS,
        used: Callable[[int], float | None] | None = None,
    ) -> None:
        self.allowed = allowed
        self._used = used or processor_seconds
        self._clock = clock
        self._last = clock()
        self._seen: dict[int, tuple[Any, float]] = {}

    def too_long(self, running: Iterable[FrozenTrial], pids: Iterable[int] = ()) -> set[int]:
        """Process ids of those that have been silent for too long; to be called every second.

        Args:
            running: The study's running trials, as the storage has them now.
            pids: Of the workers of this machine, those without a trial among them.
        """
        now = self._clock()
        passed = min(now - self._last, MOST_AT_ONCE)
        self._last = now
        signs: dict[int, Any] = {}
        for pid in pids:
            if (used := self._used(pid)) is not None:
                signs[pid] = used
        for trial in running:
            worker = trial.user_attrs.get(TrialKey.WORKER)
            if worker is None or worker["host"] != socket.gethostname():
                continue
            signs[worker["pid"]] = (
                trial.number,
                trial.user_attrs.get(TrialKey.HEARTBEAT),
                max(trial.intermediate_values, default=0),
            )
        seen: dict[int, tuple[Any, float]] = {}
        for pid, sign in signs.items():
            before, quiet = self._seen.get(pid, (None, 0.0))
            seen[pid] = (sign, quiet + passed if sign == before else 0.0)
        self._seen = seen
        return {pid for pid, (_, quiet) in seen.items() if quiet >= self.allowed}


def processor_seconds(pid: int) -> float | None:
    """Seconds of processors that a process has used; None where that cannot be seen."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)
