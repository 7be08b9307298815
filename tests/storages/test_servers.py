"""Studies on servers: nothing is made by reading, nothing is too long, nothing is lost."""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import create_engine, inspect, text

from tests.helpers import servers, tiny
from tuner.cli import main
from tuner.records.keys import StudyKey
from tuner.sessions.watcher import Silent
from tuner.storages import claims, idle_transactions
from tuner.storages.failures import ConnectionLostError
from tuner.storages.opening import open_storage
from tuner.storages.studies import study_names

pytestmark = [
    pytest.mark.slow,
    # A command ends without a farewell to its server.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    with getattr(servers, request.param)() as started:
        yield started


def tables(server: servers.Server) -> list[str]:
    engine = create_engine(server.url)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


READING: dict[str, list[str]] = {
    "status": [],
    "status a study": ["q10"],
    "trials": ["q10"],
    "best": ["q10"],
    "report": [],
    "export": ["q10", "--format", "keras"],
    "certify": ["q10"],
    "dashboard": ["--no-open"],
}


def test_reading_makes_nothing(
    server: servers.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = tables(server)
    if "studies" in before:
        pytest.fail("this test must come before those that make studies")
    for verb, more in READING.items():
        assert main([verb.partition(" ")[0], *more, "--storage", server.url]) == 2, verb
        said = capsys.readouterr()
        assert len(said.err.splitlines()) == 1 and "it is empty; run 'tuner search'" in said.err
        assert servers.PASSWORD not in said.out + said.err
        assert servers.ENCODED not in said.out + said.err
    assert tables(server) == before
    assert list(tmp_path.iterdir()) == []


def test_no_attribute_is_too_long(server: servers.Server) -> None:
    confusion = [[(i * j) % 97 for i in range(400)] for j in range(400)]
    text = 'an "error" of a user\'s \\ code: ä\n' * 10_000
    storage = open_storage(server.url)
    study = optuna.create_study(storage=storage, study_name="long", load_if_exists=True)
    study.set_user_attr(StudyKey.SCHEMA, 1)
    study.set_user_attr("data", {"classes": ["class"] * 20_000})
    study.enqueue_trial({"x": 1.0}, user_attrs={"cell": text})
    trial = study.ask()
    trial.suggest_float("x", 0, 2)
    trial.set_user_attr("confusion", confusion)
    trial.set_user_attr("confusion", confusion[::-1])
    study.tell(trial, 1.0)
    for again in (storage, open_storage(server.url, create=False, worker=True)):
        read = optuna.load_study(study_name="long", storage=again)
        assert read.user_attrs["data"] == {"classes": ["class"] * 20_000}
        assert read.trials[0].user_attrs == {"cell": text, "confusion": confusion[::-1]}
        assert "long" in study_names(again)
        again.close()


def test_what_is_written_at_once_is_read_as_optuna_reads_it(server: servers.Server) -> None:
    long = 'an "error" of a user\'s \\ code: ä\n' * 10_000
    storage = open_storage(server.url)
    study = optuna.create_study(storage=storage, study_name="moments", load_if_exists=True)
    study.enqueue_trial({"x": 1.0, "kind": None})
    other = open_storage(server.url, create=False, worker=True)
    mine = optuna.load_study(study_name="moments", storage=other)
    trial = mine.ask()
    trial.suggest_float("x", 0, 2)
    trial.suggest_categorical("kind", ["relu", None])
    claims.claim(trial)
    with claims.together(trial, mine=True):
        trial.set_user_attr("error", "short")
        trial.set_constraint("gate", 0.5)
        trial.report(0.25, 0)
    trial = optuna.Trial(mine, trial._trial_id)
    with claims.together(trial, mine=True):
        trial.set_user_attr("error", long)
        for step, value in enumerate([0.25, math.inf, -math.inf, math.nan]):
            other.set_trial_intermediate_value(trial._trial_id, step, value)
    plain = optuna.load_study(study_name="moments", storage=RDBStorage(server.url))
    (read,), (wanted,) = study.get_trials(), plain.get_trials()
    assert repr(read.intermediate_values) == repr(wanted.intermediate_values)
    assert repr(read.intermediate_values) == "{0: 0.25, 1: inf, 2: -inf, 3: nan}"
    assert read.user_attrs.pop("error") == long
    assert (read.params, read.distributions) == (wanted.params, wanted.distributions)
    assert read.params == {"x": 1.0, "kind": None} and read.constraints == {"gate": 0.5}
    assert (read.datetime_start, read.state) == (wanted.datetime_start, TrialState.RUNNING)
    study.tell(trial.number, 1.0)
    with (
        pytest.raises(optuna.exceptions.UpdateFinishedTrialError),
        claims.together(trial, mine=True),
    ):
        trial.set_user_attr("error", "late")
    assert mine.trials[0].user_attrs["error"] == long
    for opened in (storage, other):
        opened.close()


def _work(job: tuple[str, int]) -> int:
    url, number = job
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = open_storage(url, create=False, worker=True)
    study = optuna.load_study(study_name="busy", storage=storage)
    until = time.monotonic() + 25
    made = 0
    while time.monotonic() < until:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr("by", number)
        for step in range(5):
            trial.report(step / 5, step)
        study.tell(trial, 1.0)
        made += 1
    return made


def test_a_server_that_is_killed_and_comes_back_costs_nothing(server: servers.Server) -> None:
    study = optuna.create_study(storage=open_storage(server.url), study_name="busy")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        working = pool.map_async(_work, [(server.url, n) for n in range(3)], chunksize=1)
        for _ in range(4):
            time.sleep(4)
            server.stop()
            time.sleep(1)
            server.start()
        made = working.get(timeout=200)
    trials = study.trials
    assert [t.number for t in trials] == list(range(sum(made)))
    assert all(t.state == TrialState.COMPLETE for t in trials)
    assert all(t.intermediate_values == {i: i / 5 for i in range(5)} for t in trials)
    counted = [sum(t.user_attrs["by"] == n for t in trials) for n in range(3)]
    assert counted == made


class Breaking(Silent):
    """Kills the server in the middle of a training, and starts it 20 seconds later."""

    def __init__(self, server: servers.Server) -> None:
        self.server = server
        self.heard: list[str] = []
        self.away: threading.Timer | None = None

    def notice(self, text: str, *, banner: bool = False) -> None:
        self.heard.append(text)

    def updated(self, record: Any, run: Any) -> None:
        if self.away is None and any(t.epochs for t in record.trials):
            self.server.stop()
            self.away = threading.Timer(20, self.server.start)
            self.away.start()


def test_a_search_waits_for_its_server(server: servers.Server, tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.999, horizon=30)
    watcher = Breaking(server)
    result = tiny.run(tmp_path, storage=server.url, trials=3, workers=1, watcher=watcher)
    assert watcher.away is not None
    watcher.away.join()
    assert tiny.is_over(result.record, 3)
    (line,) = [text for text in watcher.heard if "is away" in text]
    assert "waiting up to 120 s for it" in line
    log = (tmp_path / "out" / "tiny" / "logs" / "worker-0.log").read_text()
    assert log.count("is away") == 1
    assert all(t.lost is None and t.outcome for t in result.record.trials)
    for shown in (*watcher.heard, log, result.resume, result.run.storage):
        assert servers.PASSWORD not in shown and servers.ENCODED not in shown


def test_a_client_that_stops_in_a_transaction_keeps_nobody_waiting(
    server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle_transactions, "ABANDONED_SECONDS", 2)
    ours = optuna.create_study(storage=open_storage(server.url), study_name="stopped")
    stopped = open_storage(server.url, create=False, worker=True)
    theirs = optuna.load_study(study_name="stopped", storage=stopped)
    trial = theirs.ask()
    engine = stopped._engine
    assert engine is not None
    with engine.connect() as connection:  # as Optuna locks a study to number a trial
        connection.execute(text("SELECT study_id FROM studies FOR UPDATE"))
        connection.execute(text("SELECT trial_id FROM trials FOR UPDATE"))
        began = time.monotonic()
        assert ours.ask().number == trial.number + 1
        assert 0.5 < time.monotonic() - began < 30
        assert claims.abandon(ours, trial, "its worker died")
        with pytest.raises(ConnectionLostError):
            connection.execute(text("SELECT 1"))
    assert theirs.ask().number == trial.number + 2  # it is back, with another connection
