"""One worker that is the command's own process: one can look on, and `breakpoint` works."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from tuner.launchers.base import Crew, Ended, Launcher
from tuner.workers.here import WorkerHere
from tuner.workers.orders import EXIT_DONE, WorkerOrders

TURN_SECONDS = 1.0
"""For so long it works on, before whoever watches is told: configurations may end untrained."""


class InProcessCrew(Crew):
    """A crew of one, which works while it is asked who has ended.

    Args:
        orders: What it is told.
    """

    def __init__(self, orders: WorkerOrders) -> None:
        self._worker = WorkerHere(orders)
        self._steps: Iterator[None] | None = self._worker.steps()

    @property
    def size(self) -> int:
        """One."""
        return 1

    def running(self) -> Mapping[int, int]:
        """This process, until it has nothing more to do."""
        return {} if self._steps is None else {0: os.getpid()}

    def ended(self) -> Sequence[Ended]:
        """Works for at least one trial, or as many as end within a second.

        Raises:
            Exception: Whatever a user's function raises.
        """
        turn = time.monotonic()
        while self._steps is not None and time.monotonic() - turn < TURN_SECONDS:
            try:
                next(self._steps)
            except StopIteration:
                self._steps = None
                return [Ended(0, os.getpid(), EXIT_DONE)]
        return ()

    def replace(self, ended: Ended) -> None:
        """It does not die."""

    def ask_to_stop(self) -> None:
        """It stops after some thousand examples."""
        self._worker.stop.set()

    def interrupted_again(self) -> None:
        """Whatever it is busy with.

        Raises:
            KeyboardInterrupt: Always.
        """
        raise KeyboardInterrupt

    def kill(self, index: int | None = None) -> None:
        """It is this process, which ends only what it does."""
        if index is None:
            self._worker.stop.set()
            steps, self._steps = self._steps, None
            if steps is not None:
                steps.close()  # type: ignore[attr-defined]

    def log_of(self, index: int) -> str:
        """What it prints is seen at once."""
        return "what is printed above"


class InProcessLauncher(Launcher):
    """Starts no process."""

    name: ClassVar[str] = "in_process"
    apart: ClassVar[bool] = False

    def size(self, workers: int | Literal["auto"], left: int, space: str) -> int:
        """One, where anything is left."""
        return 1

    def start(
        self,
        orders: WorkerOrders,
        workers: int | Literal["auto"],
        left: int,
        space: str,
        logs: Path,
    ) -> InProcessCrew:
        """Begins when it is first asked who has ended."""
        return InProcessCrew(orders)
