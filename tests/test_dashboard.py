from __future__ import annotations

import json
import socket
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from tests import fakes
from tuner import dashboard
from tuner._dashboard_view import CONSTRAINTS
from tuner.errors import StorageError, UsageError
from tuner.record import SHORTFALL
from tuner.storage import default_url, open_storage

optuna_dashboard = pytest.importorskip("optuna_dashboard", reason="the extra 'dashboard' is absent")


@pytest.fixture
def url(tmp_path) -> str:
    url = default_url(tmp_path)
    storage = open_storage(url)
    fakes.make_search(storage)
    fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.7)
    storage.remove_session()  # type: ignore[attr-defined]
    storage.engine.dispose()  # type: ignore[attr-defined]
    return url


@pytest.fixture
def ask(url, tmp_path):
    """Asks a dashboard that runs while the test does."""
    servers: list = []
    listening = threading.Event()

    def ready(server) -> None:
        servers.append(server)
        listening.set()

    thread = threading.Thread(
        target=dashboard.serve,
        args=(url, tmp_path),
        kwargs={"port": 0, "browser": False, "ready": ready},
    )
    thread.start()
    assert listening.wait(120)

    def get(path: str):
        with urllib.request.urlopen(f"http://127.0.0.1:{servers[0].server_port}{path}") as page:
            return json.load(page)

    yield get
    servers[0].shutdown()
    thread.join()


def test_infeasible_trials_are_shown_as_such(ask):
    detail = ask("/api/studies/1?after=0")
    shown = {t["number"]: t["constraints"] for t in detail["trials"]}
    assert shown[1][0] > 0  # the smallest that was trained to the end
    assert shown[8][0] <= 0
    assert shown[3] == [0.1]
    assert [t["number"] for t in detail["best_trials"]] == [8]
    assert detail["objective_names"] == ["trainable parameters"]
    assert ask("/api/studies/2?after=0")["best_trials"] == []


def test_each_study_has_a_note(ask):
    body = ask("/api/studies/1?after=0")["note"]["body"]
    for said in ("cifar10", "4,218 parameters (4,282 total)", "target 75.0%", "tuner best q10"):
        assert said in body


def test_notes_are_written_only_where_they_change(url, tmp_path):
    storage = open_storage(url)
    assert dashboard.write_notes(storage, tmp_path) == 2
    assert dashboard.write_notes(storage, tmp_path) == 0
    study = fakes.make_study("q8", storage=storage)
    optuna_dashboard.save_note(study, "my own words")
    assert dashboard.write_notes(storage, tmp_path) == 0
    assert optuna_dashboard.get_note(study) == "my own words"


def test_the_storage_itself_is_not_changed(ask, url):
    ask("/api/studies/1?after=0")
    trial = open_storage(url).get_all_trials(1)[1]
    assert CONSTRAINTS not in trial.system_attrs
    assert set(trial.constraints) == {SHORTFALL}


def test_a_port_in_use_is_one_line(url, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1, port {port}: .*--port"):
            dashboard.serve(url, tmp_path, port=port, browser=False)


def test_without_results_or_without_the_extra(url, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match="there are no results yet"):
        dashboard.serve(default_url(tmp_path / "none"), Path(), browser=False)
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    with pytest.raises(UsageError, match=r"tuner\[dashboard\]"):
        dashboard.serve(url, tmp_path, browser=False)
