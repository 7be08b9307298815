"""No workers of this command's own: those that `tuner worker` starts, on any machine, do the work.

What they are to do stands in the study. They say there when nothing is left of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import optuna

from tuner import errors
from tuner.basics.child_process import EXIT_ERROR
from tuner.errors import StudyError
from tuner.launchers.base import Crew, Ended, Launcher
from tuner.records.keys import StudyKey
from tuner.records.standing import GivenUp
from tuner.storages.opening import open_storage
from tuner.workers.orders import WorkerOrders

LATE_SECONDS = 5.0
"""For so long after the deadline workers may still be telling of their last epoch."""


class ElsewhereCrew(Crew):
    """Workers of which only the study tells.

    Args:
        orders: What the study says that they are to do.
    """

    def __init__(self, orders: WorkerOrders) -> None:
        self._orders = orders
        self._stopped = False
        self._study: optuna.Study | None = None
        self._attributes: Mapping[str, object] = {}

    @property
    def size(self) -> int:
        """None of its own."""
        return 0

    @property
    def at_work(self) -> bool:
        """Until a worker has found nothing left to do, or the command is to end."""
        deadline = self._orders.deadline
        if self._stopped or (deadline is not None and time.time() >= deadline + LATE_SECONDS):
            return False
        return self._attributes.get(StudyKey.ORDERS_DONE) != self._orders.standing

    def running(self) -> Mapping[int, int]:
        """None on this machine that could be watched."""
        return {}

    def ended(self) -> Sequence[Ended]:
        """One that says that the study cannot go on, as any worker would find."""
        if self._study is None:
            storage = open_storage(self._orders.storage, create=False)
            self._study = optuna.load_study(study_name=self._orders.main, storage=storage)
        self._attributes = self._study.user_attrs
        told = GivenUp.of(self._attributes)
        kind = getattr(errors, told.kind, None) if told is not None else None
        if told is None or told.orders != self._orders.standing or kind is not StudyError:
            return ()
        return [Ended(0, 0, EXIT_ERROR, StudyError(told.text))]

    def replace(self, ended: Ended) -> None:
        """They are started by others."""

    def ask_to_stop(self) -> None:
        """They go on with the study: only this command's part ends."""
        self._stopped = True

    def kill(self, index: int | None = None) -> None:
        """They are not this command's to end."""

    def log_of(self, index: int) -> str:
        """Where they run."""
        return "the logs of the machines where workers run"


class ElsewhereLauncher(Launcher):
    """Starts nothing, and watches what others have started."""

    name: ClassVar[str] = "elsewhere"

    def size(self, workers: int | Literal["auto"], left: int, space: str) -> int:
        """None of its own."""
        return 0

    def start(
        self,
        orders: WorkerOrders,
        workers: int | Literal["auto"],
        left: int,
        space: str,
        logs: Path,
    ) -> ElsewhereCrew:
        """Looks at the study."""
        return ElsewhereCrew(orders)
