"""Crews of real processes, watched over: deaths, errors, chatter, and workers that do not stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers import workers
from tuner.errors import SpaceError, TunerError
from tuner.launchers import LAUNCHERS
from tuner.launchers.backends import ONEDNN
from tuner.launchers.placement import Placement
from tuner.launchers.processes import ProcessCrew
from tuner.launchers.silence import Silence
from tuner.launchers.supervision import MOST_DEATHS, Supervision
from tuner.records.keys import TrialKey
from tuner.storages import claims
from tuner.workers import process
from tuner.workers.loop import Worker
from tuner.workers.orders import EXIT_DONE, WorkerOrders


def crew_of(
    function: str, folder: Path, name: str = "tiny", count: int = 1, storage: str = "sqlite://"
) -> ProcessCrew:
    orders = crew_orders(name, storage, folder)
    return ProcessCrew(
        orders, [Placement()] * count, folder / "logs", f"{workers.__name__}:{function}"
    )


def crew_orders(
    name: str = "tiny", storage: str = "sqlite://", folder: Path = Path()
) -> WorkerOrders:
    return WorkerOrders(name, storage, str(folder), {}, 1, 0, 0, "smallest", "target", True)


def supervised(crew: ProcessCrew, deadline: float | None = None) -> tuple[Supervision, list[str]]:
    notices: list[str] = []
    return Supervision(crew, optuna.create_study(), notices.append, deadline), notices


@pytest.mark.parametrize(("name", "then"), [("SIGSEGV", "0"), ("SIGKILL", "1")])
def test_a_worker_that_crashed_in_native_code_is_replaced_by_one_without_onednn(
    name: str, then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ONEDNN, raising=False)
    supervision, notices = supervised(crew_of("die_once", tmp_path, name))
    for _ in supervision.watch():
        pass
    starts = sorted(tmp_path.glob("start-*"))
    assert [start.read_text() for start in starts] == ["1", then]
    number = int(getattr(signal, name))
    assert notices == [f"a worker died (signal {number}) and was replaced."]


@pytest.mark.parametrize("how", ["die", "leave"])
def test_workers_that_die_one_after_the_other_end_the_search(how: str, tmp_path: Path) -> None:
    supervision, notices = supervised(crew_of(how, tmp_path))
    with pytest.raises(TunerError, match=rf"{MOST_DEATHS} workers died .*worker-0\.log"):
        for _ in supervision.watch():
            pass
    assert len(notices) == MOST_DEATHS - 1


def test_an_error_keeps_its_class_and_where_it_came_from(tmp_path: Path) -> None:
    supervision, _ = supervised(crew_of("refuse", tmp_path))
    with pytest.raises(SpaceError, match="no floor") as caught:
        for _ in supervision.watch():
            pass
    assert "def refuse" in str(caught.value.__cause__) or "refuse" in str(caught.value.__cause__)


def test_what_a_worker_prints_goes_to_its_log(tmp_path: Path) -> None:
    crew = crew_of("chatter", tmp_path, count=2)
    supervision, notices = supervised(crew)
    for _ in supervision.watch():
        pass
    assert notices == []
    for index in range(2):
        log = Path(crew.log_of(index)).read_text()
        assert log.count("x" * 100) == 2_000 and "from C" in log


@pytest.mark.parametrize("asked", ["by a signal", "by the deadline"])
def test_a_worker_that_does_not_stop_is_ended(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.launchers.supervision.GRACE_SECONDS", 1.0)
    crew = crew_of("deaf", tmp_path)
    while not (tmp_path / "started").exists():
        time.sleep(0.05)
    deadline = time.time() if asked == "by the deadline" else None
    supervision, notices = supervised(crew, deadline)
    if deadline is None:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    for _ in supervision.watch():
        pass
    assert not crew.running()
    assert "a worker has not stopped within 1 s and will be ended." in notices


def test_a_worker_without_a_sign_of_life_is_ended_and_its_trial_trained_again(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/tuner.db"
    study = optuna.create_study(study_name="tiny", storage=url)
    crew = crew_of("freeze_once", tmp_path, storage=url)
    notices: list[str] = []
    for _ in Supervision(crew, study, notices.append, silence=Silence(allowed=2.0)).watch():
        pass
    said = "a worker showed no sign of life for 2 s and was replaced; trial 0 will be trained "
    assert notices == [f"{said}again."]
    lost, again = study.trials
    assert lost.state == TrialState.FAIL and lost.user_attrs[TrialKey.CRASHES] == 1
    assert again.state == TrialState.WAITING


def test_a_worker_that_is_stopped_before_its_first_trial_is_replaced(tmp_path: Path) -> None:
    crew = crew_of("stop_once", tmp_path)
    notices: list[str] = []
    silence = Silence(allowed=2.0)
    for _ in Supervision(crew, optuna.create_study(), notices.append, silence=silence).watch():
        pass
    assert notices == ["a worker showed no sign of life for 2 s and was replaced."]


@pytest.mark.parametrize("where", ["before", "within"])
def test_a_worker_that_hangs_while_its_threads_run_is_replaced(where: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tuner.db"
    study = optuna.create_study(study_name=where, storage=url)
    crew = crew_of("hang_once", tmp_path, where, storage=url)
    notices: list[str] = []
    for _ in Supervision(crew, study, notices.append).watch():
        pass
    log = tmp_path / "logs" / "worker-0.log"
    again = "; trial 0 will be trained again" if where == "within" else ""
    assert notices == [f"a worker did not get on (where, {log} says) and was replaced{again}."]
    said = log.read_text()
    assert "has been waiting for something for 1 s" in said and "_wait_for_ever" in said
    states = [t.state for t in study.trials]
    assert states == ([TrialState.FAIL, TrialState.WAITING] if where == "within" else [])


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_command_stops_within_five_seconds_of_whatever_step_its_workers_are_in(
    signum: signal.Signals, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/tuner.db"
    study = optuna.create_study(study_name="tiny", storage=url)
    crew = crew_of("hold_up", tmp_path, storage=url)
    while not (tmp_path / "started").exists():
        time.sleep(0.05)
    notices: list[str] = []
    asked = []

    def ask() -> None:
        asked.append(time.monotonic())
        os.kill(os.getpid(), signum)

    threading.Timer(0.2, ask).start()
    for _ in Supervision(crew, study, notices.append).watch():
        pass
    assert time.monotonic() - asked[0] < 5
    assert notices == ["stopping; press Ctrl-C again to stop at once."]
    lost, again = study.trials
    assert (lost.state, again.state) == (TrialState.FAIL, TrialState.WAITING)
    assert lost.user_attrs[TrialKey.LOST] == "it was stopped while training"


def test_a_worker_that_cannot_reach_its_storage_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = optuna.create_study()
    worker = Worker(crew_orders(), threading.Event())
    worker.study, worker.current = study, study.ask()
    monkeypatch.setattr(process, "LAST_WORD_SECONDS", 0.1)
    monkeypatch.setattr(claims, "abandon", lambda *_: time.sleep(60))
    ended: list[int] = []
    process.leave(worker, 0.0, ended.append)
    assert ended == [EXIT_DONE]


def test_a_worker_that_a_signal_has_reached_first_is_held_to_its_time_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = threading.Event()
    monkeypatch.setattr(process, "leave", lambda *_: held.set())
    monkeypatch.setattr(os, "_exit", lambda _: None)
    worker = Worker(crew_orders(), threading.Event())
    worker.stop.set()  # by SIGTERM, which SLURM sends to every process
    channel: Any = SimpleNamespace(messages=lambda: iter(["stop", "stop"]))
    process._listen(channel, worker)
    assert held.wait(10)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_launcher_says_how_many_it_would_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "ray":
        ray = pytest.importorskip("ray")  # an extra
        node = {"Alive": True, "Resources": {"CPU": 2.0}}
        monkeypatch.setattr(ray, "nodes", lambda: [node, {**node, "Alive": False}])
    launcher = LAUNCHERS[name]
    assert launcher.name == name
    assert launcher.size(1, 50, "search_spaces.dense:DenseSpace") == 1
    assert launcher.size("auto", 1, "search_spaces.dense:DenseSpace") == 1
