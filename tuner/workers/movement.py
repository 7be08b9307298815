"""Whether a worker gets on, as a thread of its own can tell while the main thread hangs.

The main thread passes by again and again: between trials, as a training begins, every few thousand
examples. A step of a large model may take long, so that it is not asked how long ago that was
alone: a process that trains uses its processor, and one that waits for a lock that nobody gives
back does not. Before its first epoch, where a loop without an end would use the processor too, a
worker has an hour.
"""

from __future__ import annotations

import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

IDLE_SECONDS = 600.0
"""For so long the main thread may stay where it is while the process hardly uses a processor."""
BEGINNING_SECONDS = 3_600.0
"""For so long it may stay where it is before a training begins: loading, building, counting."""
IDLE_SHARE = 0.005
"""Of one processor; the threads of a process that waits use less."""
LOOK_SECONDS = 30.0
"""How often it is looked."""
MOST_AT_ONCE = 60.0
"""Seconds that count, at most, between two looks: a process that was stopped was not idle."""


class Movement:
    """How long the main thread of this process has stayed where it is.

    Args:
        clock: Seconds that never jump.
        used: Seconds of processors that this process has used.
        idle: For how long it may wait for something; None: `IDLE_SECONDS`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
        idle: float | None = None,
    ) -> None:
        self._most = IDLE_SECONDS if idle is None else idle
        self._clock = clock
        self._used = used
        self._passed = self._training = False
        self._looked = clock(), used()
        self._still = self._idle = 0.0

    def passes(self, *, training: bool) -> None:
        """Called by the main thread where it passes by.

        Args:
            training: Whether it is within a training.
        """
        self._passed, self._training = True, training

    def hangs(self) -> str | None:
        """Why the process is taken for one that hangs; to be called every half a minute.

        Returns:
            What it has not done for how long; None while it gets on.
        """
        (before, used_before), (now, used) = self._looked, (self._clock(), self._used())
        self._looked = now, used
        seconds = min(now - before, MOST_AT_ONCE)
        if self._passed:
            self._passed, self._still, self._idle = False, 0.0, 0.0
            return None
        self._still += seconds
        busy = used - used_before >= IDLE_SHARE * (now - before)
        self._idle = 0.0 if busy else self._idle + seconds
        if self._idle >= self._most:
            return f"has been waiting for something for {self._idle:.0f} s"
        if not self._training and self._still >= BEGINNING_SECONDS:
            return f"has not come to an epoch for {self._still:.0f} s"
        return None


def whereabouts(thread: threading.Thread | None = None) -> str:
    """Where a thread is: file, line and function, of a user's code where it is in some.

    Args:
        thread: Which; None: the main one.
    """
    frames = []
    asked = threading.main_thread() if thread is None else thread
    frame: FrameType | None = sys._current_frames().get(asked.ident or 0)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    if not frames:
        return "an unknown place"
    at = next((f for f in frames if _is_users(f.f_code.co_filename)), frames[0])
    return f"{at.f_code.co_filename}, line {at.f_lineno}, in {at.f_code.co_name}"


def _is_users(file: str) -> bool:
    paths = sysconfig.get_paths()
    libraries = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    own = str(Path(__file__).resolve().parents[1])
    return not file.startswith(("<", own, *libraries))
