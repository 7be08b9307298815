"""Workers as processes of this machine."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from tuner.basics.child_process import EXIT_ERROR, Child
from tuner.errors import TunerError
from tuner.launchers.backends import ONEDNN, shared_programs
from tuner.launchers.base import Crew, Ended, Launcher
from tuner.launchers.placement import Placement, placements
from tuner.storages.results import writing_to
from tuner.workers.orders import WorkerOrders

WORK = "tuner.workers.process:work"
"""What a worker runs."""
CRASHES = frozenset(
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")
    if hasattr(signal, name)
)
"""What a fault in a library's kernel ends a process with."""


class ProcessCrew(Crew):
    """Worker processes, one for each place.

    Args:
        orders: What each is told; index, place and environment are added.
        places: Where they run.
        logs: Folder for what they print.
        function: What each of them runs.
        names: What a worker's log is called after, from its index.
    """

    def __init__(
        self,
        orders: WorkerOrders,
        places: Sequence[Placement],
        logs: Path,
        function: str = WORK,
        names: Callable[[int], str] = str,
    ) -> None:
        self._logs = logs
        self._names = names
        self._function = function
        self.orders = [
            replace(
                orders,
                index=orders.index + i,
                crew=len(places),
                cpus=list(p.cpus),
                environment={**orders.environment, **p.environment()},
                gpu_memory=p.gpu_memory if p.share < 1.0 else 0,
            )
            for i, p in enumerate(places)
        ]
        self._children: dict[int, Child] = {}
        for index in range(len(places)):
            self._start(index)

    @property
    def size(self) -> int:
        """One for each place."""
        return len(self.orders)

    @property
    def has_news(self) -> bool:
        """Whether a process has ended."""
        return any(child.code is not None for child in self._children.values())

    def running(self) -> Mapping[int, int]:
        """Those that have not been told of as ended."""
        return {index: child.pid for index, child in self._children.items()}

    def ended(self) -> Sequence[Ended]:
        """Collects exit codes and errors."""
        found = []
        for index, child in list(self._children.items()):
            if (code := child.code) is None:
                continue
            del self._children[index]
            error = None
            try:
                child.close()
            except TunerError as raised:
                error = raised
            if code == EXIT_ERROR and error is None:
                error = TunerError(f"a worker failed; see {self.log_of(index)}.")
            found.append(Ended(index, child.pid, code, error))
        return found

    def replace(self, ended: Ended) -> None:
        """After a crash in native code the successor does without oneDNN."""
        if -ended.code in CRASHES:
            orders = self.orders[ended.index]
            environment = {**orders.environment, ONEDNN: "0"}
            self.orders[ended.index] = replace(orders, environment=environment)
        self._start(ended.index)

    def ask_to_stop(self) -> None:
        """Any message does."""
        for child in self._children.values():
            child.tell("stop")

    def kill(self, index: int | None = None) -> None:
        """Ends processes at once and waits for them."""
        for number in list(self._children) if index is None else [index]:
            self._children[number].kill()
            if index is None:
                del self._children[number]

    def log_of(self, index: int) -> str:
        """The worker's file."""
        return str(self._logs / f"worker-{self._names(index)}.log")

    def _start(self, index: int) -> None:
        with writing_to(self._logs):
            self._logs.mkdir(parents=True, exist_ok=True)
            Path(self.log_of(index)).open("ab").close()
        self._children[index] = Child(
            self._function,
            self.orders[index].to_fields(),
            log=Path(self.log_of(index)),
            # A Ctrl-C in the terminal is this process's to pass on.
            apart=True,
        )


class ProcessLauncher(Launcher):
    """Starts worker processes on this machine's processors and GPUs."""

    name: ClassVar[str] = "processes"

    def size(self, workers: int | Literal["auto"], left: int, space: str) -> int:
        """As many as there are places."""
        return len(placements(workers, left, space))

    def start(
        self,
        orders: WorkerOrders,
        workers: int | Literal["auto"],
        left: int,
        space: str,
        logs: Path,
    ) -> ProcessCrew:
        """One process for each place."""
        return ProcessCrew(orders, placements(workers, left, space), logs)

    def shared(self) -> AbstractContextManager[Mapping[str, str]]:
        """Compiled programs."""
        return shared_programs()
