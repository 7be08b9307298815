"""Whether the worker of a running trial is still there.

A process of this machine can be looked at. Of another machine's, only its heartbeat is known: an
attribute of its trial that it renews. What counts is whether the attribute changes, by this
process's own clock, which never jumps: what the other machine's clock says may be an hour off.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from optuna.trial import FrozenTrial

from tuner.basics.clocks import WakingClock
from tuner.basics.optuna_private import id_of
from tuner.records.keys import TrialKey

HEARTBEAT_SECONDS = 30
STALE_SECONDS = 180
"""A worker on another machine that has not been heard of for so long is taken for dead."""
CLAIM_SECONDS = 60
"""A trial that nobody has claimed for so long belongs to a worker that died asking."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""On Linux: another text after each start of the machine."""


class Heartbeats:
    """The heartbeats that one process has seen, and when each of them was new.

    Args:
        clock: Seconds that are never set back; those in which this process was asleep count for
            nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = WakingClock(clock)
        self._seen: dict[tuple[int, str], tuple[Any, float]] = {}

    def silence(self, trial: FrozenTrial) -> float:
        """Seconds since this process has seen a sign of life of the trial's worker."""
        worker = trial.user_attrs.get(TrialKey.WORKER)
        key = (id_of(trial), f"{trial.datetime_start} {worker}")
        beat, now = trial.user_attrs.get(TrialKey.HEARTBEAT), self._clock()
        known = self._seen.get(key)
        if known is None or known[0] != beat:
            self._seen[key] = known = (beat, now)
        return now - known[1]


SEEN = Heartbeats()
"""Of this process."""


def me() -> dict[str, Any]:
    """This process, in a form that others can check: host, pid and start time."""
    process = psutil.Process()
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": process.create_time(),
        "uptime": process.create_time() - psutil.boot_time(),
        "boot": _boot(),
    }


def worker_lives(trial: FrozenTrial, heartbeats: Heartbeats = SEEN) -> bool:
    """Whether the worker that trains a running trial is still there.

    One on another machine is, until this process has seen it silent for long enough.
    """
    worker = trial.user_attrs.get(TrialKey.WORKER)
    silence = heartbeats.silence(trial)
    if worker is None:
        return silence < CLAIM_SECONDS
    if worker["host"] != socket.gethostname():
        return silence < STALE_SECONDS
    return _runs(worker)


def seems_alive(trial: FrozenTrial) -> bool:
    """What can be said at a single look: of another machine's worker, by that machine's clock."""
    worker = trial.user_attrs.get(TrialKey.WORKER)
    now = time.time()
    if worker is None:
        started = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
        return now - started < CLAIM_SECONDS
    if worker["host"] != socket.gethostname():
        return now - float(trial.user_attrs.get(TrialKey.HEARTBEAT, 0.0)) < STALE_SECONDS
    return _runs(worker)


def _runs(worker: Mapping[str, Any]) -> bool:
    """Whether a process of this machine is there, and is not another with the same number."""
    try:
        process = psutil.Process(worker["pid"])
        return _is_same(process, worker) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _is_same(process: psutil.Process, worker: Mapping[str, Any]) -> bool:
    started = process.create_time()
    if worker.get("boot") and worker["boot"] == _boot():
        # Where the clock is set, the time of the machine's start moves with all others.
        return bool(abs(started - psutil.boot_time() - worker["uptime"]) < 1.0)
    return bool(abs(started - worker["started"]) < 1.0)


def _boot() -> str | None:
    with contextlib.suppress(OSError):
        return BOOT_ID.read_text(encoding="ascii").strip()
    return None
