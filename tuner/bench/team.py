"""Processes that measure side by side, laid out as a search's workers are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tuner.basics.child_process import Child
from tuner.errors import TunerError
from tuner.launchers import placement
from tuner.launchers.layouts import Setting


class Team:
    """Processes that measure the same at the same time."""

    def __init__(self, processes: list[Child]) -> None:
        self._processes = processes

    def run(self, job: dict[str, Any], seconds: float) -> tuple[dict[str, int], float]:
        """What the job says of itself, and the sum of the processes' rates."""
        for process in self._processes:
            process.tell({**job, "seconds": seconds})
        facts = [self._hear(process)["ready"] for process in self._processes]
        for process in self._processes:
            process.tell("go")
        return facts[0], sum(self._hear(process)["rate"] for process in self._processes)

    @staticmethod
    def _hear(process: Child) -> dict[str, Any]:
        if (said := process.hear()) is None:
            process.close()
            raise TunerError(
                f"a measuring process ended with exit code {process.code}; "
                "run it again, with fewer families if memory is short."
            )
        return dict(said)


@contextmanager
def team_of(setting: Setting) -> Iterator[Team]:
    """Processes laid out as a search's workers are under a setting."""
    processes: list[Child] = []
    try:
        for place in placement.laid_out(setting):
            orders = {"cpus": list(place.cpus), "environment": place.environment()}
            processes.append(Child("tuner.bench.process:work", orders))
        yield Team(processes)
    finally:
        for process in processes:
            process.kill()
