"""A launcher that starts nothing: what its workers would have done is a script."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna

from tests.helpers import fakes
from tuner.launchers.base import Crew, Ended, Launcher
from tuner.objectives.proof import Prove
from tuner.records.keys import StudyKey
from tuner.sessions.plan import Planned
from tuner.sessions.session import Session
from tuner.sessions.watcher import Silent
from tuner.specs.spec import from_dict
from tuner.workers.orders import WorkerOrders


@dataclasses.dataclass
class ScriptedCrew(Crew):
    """Workers that have done their work already.

    Attributes:
        pids: Those that seem to run until they are killed.
    """

    pids: dict[int, int] = dataclasses.field(default_factory=dict)

    @property
    def size(self) -> int:
        return max(1, len(self.pids))

    def running(self) -> dict[int, int]:
        return dict(self.pids)

    def ended(self) -> Sequence[Ended]:
        return ()

    def replace(self, ended: Ended) -> None:
        raise AssertionError("none of them has died")

    def ask_to_stop(self) -> None:
        self.pids.clear()

    def kill(self, index: int | None = None) -> None:
        self.pids.clear()

    def log_of(self, index: int) -> str:
        return "no log"


class ScriptedLauncher(Launcher):
    """Lets a function do what a crew would, at once.

    Args:
        work: Given the study that the orders are for and the orders; may return a crew that
            still seems to work.
    """

    name = "scripted"

    def __init__(self, work: Callable[[optuna.Study, WorkerOrders], ScriptedCrew | None]) -> None:
        self.storage: Any = None
        self.work = work

    def size(self, workers: Any, left: int, space: str) -> int:
        return 1

    def start(
        self, orders: WorkerOrders, workers: Any, left: int, space: str, logs: Path
    ) -> ScriptedCrew:
        study = optuna.load_study(study_name=orders.study_name, storage=self.storage)
        return self.work(study, orders) or ScriptedCrew()


def session(
    study: optuna.Study,
    storage: Any,
    goal: int,
    launcher: ScriptedLauncher,
    folder: Path,
    *,
    prove: Prove = "recipe",
    certifiable: bool = True,
) -> Session:
    """A session that goes on with a study of `fakes` until it has `goal` trained trials."""
    launcher.storage = storage
    orders = WorkerOrders(
        study_name=study.study_name,
        storage="sqlite:///not-used.db",
        results=str(folder),
        data={},
        goal=goal,
        seed=0,
        index=0,
        sampler="smallest",
        pruner="target",
        reference=True,
    )
    study.set_user_attr(StudyKey.PROVE, prove)
    planned = Planned(
        study,
        from_dict(fakes.SPEC),
        orders,
        folder,
        (study.study_name,),
        prove if certifiable else "none",
        certifiable,
    )
    return Session(planned, Silent(), 1, launcher=launcher)
