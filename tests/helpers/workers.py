"""Stand-ins for a worker's process, for tests of what watches over it."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna

from tuner.basics.child_process import Channel
from tuner.errors import SpaceError
from tuner.launchers.backends import ONEDNN
from tuner.records.keys import StudyKey
from tuner.storages import claims, heartbeats
from tuner.workers import movement, process
from tuner.workers.loop import Worker
from tuner.workers.orders import EXIT_DONE, WorkerOrders


def die_once(fields: dict[str, Any], channel: Channel) -> None:
    """Dies by the signal that ``study_name`` names the first time, and ends well the second."""
    folder = Path(fields["results"])
    starts = len(list(folder.glob("start-*")))
    (folder / f"start-{starts}").write_text(fields["environment"][ONEDNN])
    if not starts:
        os.kill(os.getpid(), getattr(signal, fields["study_name"]))
    sys.exit(EXIT_DONE)


def die(fields: dict[str, Any], channel: Channel) -> None:
    """Dies every time."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave(fields: dict[str, Any], channel: Channel) -> None:
    """Ends in the midst of its work, and says that all is well, as a library's `exit` may."""
    os._exit(0)


def refuse(fields: dict[str, Any], channel: Channel) -> None:
    """Meets an error that ends the search."""
    raise SpaceError("the space has no floor")


def chatter(fields: dict[str, Any], channel: Channel) -> None:
    """Prints more than a pipe holds, as a user's build() may."""
    for _ in range(2_000):
        print("x" * 100)
    os.write(1, b"from C\n")
    sys.exit(EXIT_DONE)


def deaf(fields: dict[str, Any], channel: Channel) -> None:
    """Neither listens nor ends."""
    (Path(fields["results"]) / "started").touch()
    time.sleep(600)


def hold_up(fields: dict[str, Any], channel: Channel) -> None:
    """Listens as a worker does, within a step of a training that takes ten minutes."""
    worker = Worker(WorkerOrders(**fields), threading.Event())
    study = optuna.load_study(study_name=fields["study_name"], storage=fields["storage"])
    worker.study = study
    worker.current = study.ask({"width": optuna.distributions.IntDistribution(1, 9)})
    claims.claim(worker.current)
    threading.Thread(target=process._listen, args=(channel, worker), daemon=True).start()
    (Path(fields["results"]) / "started").touch()
    time.sleep(600)


def freeze_once(fields: dict[str, Any], channel: Channel) -> None:
    """Takes a trial and hangs where not even a heartbeat gets out; the second time ends well."""
    study = optuna.load_study(study_name=fields["study_name"], storage=fields["storage"])
    if study.trials:
        sys.exit(EXIT_DONE)
    claims.claim(study.ask({"width": optuna.distributions.IntDistribution(1, 9)}))
    os.kill(os.getpid(), signal.SIGSTOP)


def stop_once(fields: dict[str, Any], channel: Channel) -> None:
    """Is stopped before it has a trial; the second time ends well."""
    if not _first(fields):
        sys.exit(EXIT_DONE)
    os.kill(os.getpid(), signal.SIGSTOP)


def hang_once(fields: dict[str, Any], channel: Channel) -> None:
    """A real worker whose main thread waits for ever while its others run.

    ``study_name`` says where: before its first trial, or in one. The second time it ends well.
    """
    if not _first(fields):
        sys.exit(EXIT_DONE)
    heartbeats.HEARTBEAT_SECONDS = movement.MOST_AT_ONCE = 0.2
    movement.IDLE_SECONDS, movement.IDLE_SHARE = 1.0, 0.5  # so many heartbeats take their time
    orders = WorkerOrders(**fields)
    study = optuna.load_study(study_name=orders.study_name, storage=orders.storage)
    work = SimpleNamespace(study=study)
    prepare = _wait_for_ever if orders.study_name == "before" else lambda *_: (work, _Asker(study))
    sys.modules["tuner.workers.prepare"] = SimpleNamespace(prepare=prepare)  # type: ignore[assignment]
    sys.modules["tuner.trials.run"] = SimpleNamespace(run=_wait_for_ever)  # type: ignore[assignment]
    sys.exit(Worker(orders, threading.Event()).run())


def load(space: str, channel: Channel) -> list[bool]:
    """Whether scikit-learn is loaded with what a worker needs, and whether it can be later on."""
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(study_name="any", storage=storage)
    study.set_user_attr(StudyKey.STUDY, {"space": space})
    orders = WorkerOrders("any", "sqlite://", "out", {}, 1, 0, 0, "smallest", "target", True)
    with Worker(orders, threading.Event(), alone=True)._lean_imports(storage):
        importlib.import_module("tuner.workers.prepare")
    loaded = "sklearn" in sys.modules
    return [loaded, hasattr(importlib.import_module("sklearn.metrics"), "f1_score")]


def _first(fields: dict[str, Any]) -> bool:
    started = Path(fields["results"]) / "started"
    first = not started.exists()
    started.touch()
    return first


def _wait_for_ever(*_: object) -> Any:
    threading.Event().wait()


class _Asker:
    """Asks for one trial after the other."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    def state(self, _: object) -> str:
        return "ask"

    def done(self, _: object) -> int:
        return 0

    def ask(self, _: object) -> optuna.Trial:
        return self._study.ask({"width": optuna.distributions.IntDistribution(1, 9)})

    def unwanted(self, *_: object) -> bool:
        return False
