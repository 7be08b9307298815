from __future__ import annotations

import html
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import optuna
import pytest

from tests.helpers import fakes
from tuner.basics.optuna_private import storage_of
from tuner.certificates.trainings import CertificateTrainings
from tuner.dashboard import notes, serve
from tuner.dashboard.storage_view import CONSTRAINTS
from tuner.errors import StorageError, UsageError
from tuner.records.keys import SHORTFALL, TrialKey
from tuner.records.studies import StudyRecord
from tuner.storages.artifacts import artifact_store
from tuner.storages.opening import default_url, open_storage
from tuner.trials import artifacts

optuna_dashboard = pytest.importorskip("optuna_dashboard", reason="the extra 'dashboard' is absent")


@pytest.fixture
def url(tmp_path) -> str:
    url = default_url(tmp_path)
    storage = open_storage(url)
    fakes.make_search(storage)
    fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.7)
    storage.close()
    return url


@pytest.fixture
def address(url, tmp_path):
    """Of a dashboard that runs while the test does."""
    servers: list = []
    listening = threading.Event()

    def ready(server) -> None:
        servers.append(server)
        listening.set()

    thread = threading.Thread(
        target=serve.serve,
        args=(url, tmp_path),
        kwargs={"port": 0, "browser": False, "ready": ready},
    )
    thread.start()
    assert listening.wait(120)
    yield f"http://127.0.0.1:{servers[0].server_port}"
    servers[0].shutdown()
    thread.join()


@pytest.fixture
def ask(address):
    """Asks that dashboard's API."""

    def get(path: str):
        with urllib.request.urlopen(address + path) as page:
            return json.load(page)

    return get


@pytest.fixture
def browse(address, tmp_path):
    """Opens a page in a browser, waits for its scripts, and gives the words that it shows."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")

    def words(path: str) -> str:
        found = subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu",
                f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=15000",
                "--dump-dom", address + path,
            ],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
        )  # fmt: skip
        page = re.sub(r"<(script|style)\b.*?</\1>", " ", found.stdout, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())

    return words


def test_infeasible_trials_are_shown_as_such(ask):
    detail = ask("/api/studies/1?after=0")
    shown = {t["number"]: t["constraints"] for t in detail["trials"]}
    assert shown[1][0] > 0  # the smallest that was trained to the end
    assert shown[8][0] <= 0
    assert shown[3] == [0.1]
    assert [t["number"] for t in detail["best_trials"]] == [8]
    assert detail["objective_names"] == ["trainable parameters"]
    assert ask("/api/studies/2?after=0")["best_trials"] == []


def test_a_refuted_trial_is_not_the_best(ask, url):
    study = optuna.load_study(study_name="q10", storage=open_storage(url))
    fakes.add_certificate(study, 8, [0.74, 0.741], certified=False)
    detail = ask("/api/studies/1?after=0")
    assert [t["number"] for t in detail["best_trials"]] == [2]
    assert {t["number"]: t["constraints"] for t in detail["trials"]}[8][0] > 0


def test_certificate_trainings_are_no_study_in_the_list(ask, url):
    study = optuna.load_study(study_name="q10", storage=open_storage(url))
    best = StudyRecord.of(study).incumbent
    assert best is not None
    CertificateTrainings(study, best)
    names = [s["study_name"] for s in ask("/api/studies")["study_summaries"]]
    assert names == ["q10", "q2"]


def test_each_study_has_a_note(ask):
    body = ask("/api/studies/1?after=0")["note"]["body"]
    for said in ("cifar10", "4,218 parameters (4,282 total)", "target 75 %", "tuner best q10"):
        assert said in body


def test_the_note_says_what_is_certified_and_what_is_refuted(tmp_path):
    study = fakes.make_search()
    assert "- This file: not proven: its accuracy" in notes.note(study, tmp_path)
    fakes.add_certificate(study, 8, [0.74, 0.741], certified=False)
    fakes.add_certificate(study, 2, [0.761, 0.762, 0.76, 0.759, 0.763])
    note = notes.note(study, tmp_path)
    assert "Smallest: **9,500 parameters" in note
    assert "Its recipe: certified: 76.1 % on the test images, mean of 5 fresh seeds" in note
    assert "Trial 8, 4,218 parameters (4,282 total), its recipe: refuted: 74.0 %" in note


def test_the_frontier_is_a_plot_of_the_study(ask):
    (plot,) = ask("/api/studies/1?after=0")["plotly_graph_objects"]
    drawn = json.loads(plot["graph_object"])
    line = drawn["data"][-1]
    # From the smallest that was seen to the reference, each better than the one before.
    assert line["x"] == [1200, 2010, 4218, 9500, 78186]
    assert line["y"] == sorted(line["y"])
    assert line["y"][2] == pytest.approx(75.8)
    assert drawn["layout"]["yaxis"]["ticksuffix"] == " %"
    assert {t["name"] for t in drawn["data"][:-1]} == {"reached", "missed", "pruned", "diverged"}


def test_the_plot_is_drawn_anew_only_where_something_was_trained(url, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        optuna_dashboard, "save_plotly_graph_object", lambda study, *_, **__: drawn.append(study)
    )
    storage = open_storage(url)
    notes.write_notes(storage, tmp_path)
    notes.write_notes(storage, tmp_path)
    assert len(drawn) == 2  # one a study


def test_the_incumbents_picture_and_file_are_artifacts(tmp_path):
    study = fakes.make_search()
    trial = fakes.add_running(study)
    trial.set_user_attr(
        TrialKey.CONFUSION, [[9 if i == j else 1 for i in range(10)] for j in range(10)]
    )
    model = tmp_path / "trial-0009.keras"
    model.write_bytes(b"weights")
    artifacts.keep(trial, tmp_path / "out", model)
    found = optuna.artifacts.get_all_artifact_meta(trial, storage=storage_of(study))
    assert {m.filename for m in found} == {"trial-0009.keras", "evaluation-0009.png"}
    store = artifact_store(tmp_path / "out")
    for meta in found:
        optuna.artifacts.download_artifact(
            artifact_store=store, file_path=str(tmp_path / "again"), artifact_id=meta.artifact_id
        )
        begins = (tmp_path / "again").read_bytes()[:7]
        assert begins == (b"weights" if meta.mimetype != "image/png" else b"\x89PNG\r\n\x1a")
        (tmp_path / "again").unlink()


def test_notes_are_written_only_where_they_change(url, tmp_path):
    storage = open_storage(url)
    assert notes.write_notes(storage, tmp_path) == 2
    assert notes.write_notes(storage, tmp_path) == 0
    study = fakes.make_study("q8", storage=storage)
    optuna_dashboard.save_note(study, "my own words")
    assert notes.write_notes(storage, tmp_path) == 0
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
            serve.serve(url, tmp_path, port=port, browser=False)


def test_without_results_or_without_the_extra(url, tmp_path, monkeypatch):
    with pytest.raises(StorageError, match="there are no results yet"):
        serve.serve(default_url(tmp_path / "none"), Path(), browser=False)
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    how = r"pip install 'smallest-model\[dashboard\]', or in a clone: scripts/environment dashboard"
    with pytest.raises(UsageError, match=how):
        serve.serve(url, tmp_path, browser=False)


def test_a_browser_shows_the_studies_and_a_search_that_began_since(browse, url):
    shown = browse("/dashboard/")
    assert "q10" in shown and "q2" in shown and "q8" not in shown
    storage = open_storage(url)
    study = fakes.make_study("q8", storage=storage)
    fakes.add_running(study)
    assert "q8" in browse("/dashboard/")
    trials = browse(f"/dashboard/studies/{study._study_id}/trials")
    assert "1 Trials" in trials and "Running" in trials


def test_a_browser_shows_the_note_and_the_frontier(browse):
    note = browse("/dashboard/studies/1/note")
    for said in (
        "4,218 parameters (4,282 total)",
        "target 75 %",
        "This file:",
        "Its recipe:",
        "tuner best q10",
    ):
        assert said in note
    plot = browse("/dashboard/studies/1")
    for said in ("validation accuracy, best epoch", "nothing seen is smaller and better"):
        assert said in plot


def test_a_browser_shows_an_incumbents_picture_and_file(browse, url, tmp_path):
    study = optuna.load_study(study_name="q10", storage=open_storage(url))
    trial = fakes.add_running(study)
    trial.set_user_attr(
        TrialKey.CONFUSION, [[9 if i == j else 1 for i in range(10)] for j in range(10)]
    )
    model = tmp_path / "trial-0009.keras"
    model.write_bytes(b"weights")
    artifacts.keep(trial, tmp_path, model)
    shown = browse(f"/dashboard/studies/1/trials?numbers={trial.number}")
    assert "evaluation-0009.png" in shown and "trial-0009.keras" in shown
