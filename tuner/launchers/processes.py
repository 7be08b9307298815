"""Runs workers as processes of this machine: starts, watches, replaces and stops them."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tuner import errors
from tuner.errors import TunerError
from tuner.launchers.backends import ONEDNN
from tuner.launchers.placement import Placement
from tuner.workers.orders import EXIT_DONE, EXIT_ERROR, EXIT_RECYCLE, Orders

FAULTS = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")
CRASHES = tuple(known for known in signal.Signals if known.name in FAULTS)
"""What a fault in a library's kernel ends a process with, of the signals that this system has."""

MOST_DEATHS = 5
"""So many workers dying in a row without ending a trial end the search."""


class Crew:
    """The worker processes of one command."""

    def __init__(self, orders: Orders, places: list[Placement], logs: Path) -> None:
        """Starts one worker for each place; their backends' chatter goes to files in `logs`."""
        self.logs = logs
        self.orders = [
            replace(
                orders,
                index=i,
                cpus=list(p.cpus),
                environment={**orders.environment, **p.environment()},
                gpu_memory=p.gpu_memory if p.share < 1.0 else 0,
            )
            for i, p in enumerate(places)
        ]
        self.stopping = False
        self.deaths = 0
        self.processes: list[subprocess.Popen[str] | None] = [None] * len(places)
        for index in range(len(places)):
            self._start(index)

    def _start(self, index: int) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"worker-{index}.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tuner.workers.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # A Ctrl-C in the terminal is this process's to pass on.
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(self.orders[index].to_json() + "\n")
        process.stdin.flush()
        self.processes[index] = process

    @property
    def size(self) -> int:
        """How many workers there are, ended ones included."""
        return len(self.processes)

    def check(self, died: Callable[[int, int], None]) -> bool:
        """Replaces workers that ask for it or have died.

        Args:
            died: Called with the process id and the exit code of each worker that died on its own.

        Returns:
            Whether any worker still runs.

        Raises:
            TunerError: A worker met an error that ends the search.
        """
        for index, process in enumerate(self.processes):
            if process is None or process.poll() is None:
                continue
            self.processes[index] = None
            output = _close(process)
            if process.returncode == EXIT_ERROR:
                self._raise(output, index)
            if process.returncode == EXIT_DONE or self.stopping:
                continue
            if process.returncode != EXIT_RECYCLE:
                self._count_death(index)
                self._beware(index, process.returncode)
                died(process.pid, process.returncode)
            self._start(index)
        return any(p is not None for p in self.processes)

    def _count_death(self, index: int) -> None:
        self.deaths += 1
        if self.deaths >= MOST_DEATHS:
            raise TunerError(
                f"{self.deaths} workers died one after the other without ending a trial; "
                f"see {self.logs / f'worker-{index}.log'}."
            )

    def _beware(self, index: int, code: int) -> None:
        """After a crash in native code the worker's successor does without oneDNN."""
        if -code in CRASHES:
            orders = self.orders[index]
            self.orders[index] = replace(orders, environment={**orders.environment, ONEDNN: "0"})

    def _raise(self, output: str, index: int) -> None:
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if not lines:
            raise TunerError(f"a worker failed; see {self.logs / f'worker-{index}.log'}.")
        told = json.loads(lines[-1])
        kind = getattr(errors, told["kind"], TunerError)
        raise kind(told["message"])

    def ask_to_stop(self) -> None:
        """Asks every worker to stop after its running epoch."""
        self.stopping = True
        for process in self.processes:
            if process is not None and process.stdin is not None:
                try:
                    process.stdin.write("stop\n")
                    process.stdin.flush()
                except OSError:  # it has ended meanwhile
                    continue

    def kill(self) -> None:
        """Ends every worker at once."""
        self.stopping = True
        for process in self.processes:
            if process is not None:
                process.kill()
                _close(process)
        self.processes = [None] * len(self.processes)


def _close(process: subprocess.Popen[str]) -> str:
    """Waits for an ended worker and closes its pipes; returns what it had printed."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdout as out:
        output = out.read()
    with contextlib.suppress(OSError):  # a line that the worker did not live to read
        process.stdin.close()
    process.wait()
    return output
