"""Searches that are stopped, killed or started twice lose nothing and train nothing twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import optuna
import psutil
import pytest
from optuna.trial import TrialState

from tests.helpers import tiny
from tuner.errors import StorageError, UsageError
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.watcher import Silent
from tuner.storages import claims, heartbeats
from tuner.storages.studies import load_study

pytestmark = pytest.mark.slow


class Interrupter(Silent):
    """Presses Ctrl-C once the first epoch has been seen."""

    def __init__(self) -> None:
        self.pressed = False

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        if not self.pressed and any(t.epochs for t in record.trials):
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_search_goes_on_with_what_it_was_training(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.99, horizon=5_000)
    # Labels that nothing can be learned from, so that the training still runs when it is stopped.
    arrays = tiny.images()
    arrays["y_train"] = np.random.default_rng(1).permutation(arrays["y_train"])
    np.savez(tmp_path / "images.npz", **arrays)
    result = tiny.run(tmp_path, trials=2, workers=1, pruner="none", watcher=Interrupter())
    assert result.status == "interrupted"
    assert result.resume.startswith("tuner search ")
    assert all(t.state != TrialState.RUNNING for t in result.record.trials)
    waiting = [t for t in result.record.trials if t.state == TrialState.WAITING]
    lost = [t for t in result.record.trials if t.lost]
    assert [t.number for t in lost] == [0]
    assert [t.retry_of for t in waiting] == [0]
    assert 0 < lost[0].epochs < 5_000


def test_two_searches_at_once_share_a_study(tmp_path: Path) -> None:
    tiny.write(tmp_path, extra="[reference]\nwidth = 64")
    code = (
        "import sys; from tuner import search; "
        "search('tiny.toml', results='out', trials=6, workers=1, prove='none')"
    )
    processes = [psutil.Popen([sys.executable, "-c", code], cwd=tmp_path) for _ in range(2)]
    try:
        assert [p.wait(timeout=300) for p in processes] == [0, 0]
    finally:
        for process in processes:
            kill_all(process)
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{tmp_path}/out/tuner.db")
    record = StudyRecord.of(study)
    assert tiny.is_over(record, 6)
    assert sum(t.reference for t in record.trained) == 1
    configurations = [json.dumps(dict(t.values), sort_keys=True) for t in record.trained]
    assert len(set(configurations)) == len(record.trained)
    hosts = {t.attributes[TrialKey.WORKER]["pid"] for t in record.trained}
    assert len(hosts) == 2


KILLS, TRIALS = 10, 12


def kill_all(parent: psutil.Popen) -> None:
    """Kills a search and its workers at once, where they still run."""
    workers = parent.children() if parent.is_running() else []
    for process in [parent, *workers]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    parent.wait()


def await_epoch(url: str) -> None:
    """Waits until a trial is in the middle of its training."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        # Optuna's own way makes tables where there are none, and fails where the search is faster.
        with contextlib.suppress(StorageError, UsageError):  # nothing made yet
            study = load_study("tiny", storage=url)
            running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if any(heartbeats.worker_lives(t) and t.intermediate_values for t in running):
                return
        time.sleep(0.2)
    pytest.fail("no training began within two minutes")


def test_killed_ten_times_it_ends_with_exactly_the_trials_it_was_asked_for(tmp_path: Path) -> None:
    # Out of reach and never pruned: every training takes its whole horizon, a few seconds.
    file = tiny.write(tmp_path, target=0.99, horizon=60, extra="[reference]\nwidth = 64")
    file.write_text(file.read_text().replace("margin = 0.0", "margin = 0.02"))
    code = (
        f"from tuner import search; search('tiny.toml', results='out', trials={TRIALS}, "
        "workers=2, pruner='none', prove='none')"
    )
    rng = random.Random(0)
    url = f"sqlite:///{tmp_path}/out/tuner.db"

    def start() -> psutil.Popen:
        return psutil.Popen([sys.executable, "-c", code], cwd=tmp_path)

    parent = start()
    try:
        for kill in range(KILLS):
            if kill % 3:
                await_epoch(url)
                time.sleep(rng.uniform(0, 1))
            else:  # any moment, while workers start too
                time.sleep(rng.uniform(0.5, 4))
            assert parent.poll() is None, "the search ended before it could be killed"
            workers = parent.children()
            if kill % 2 and workers:
                rng.choice(workers).kill()
                continue
            kill_all(parent)
            parent = start()
        assert parent.wait(timeout=400) == 0
    finally:
        kill_all(parent)
    study = optuna.load_study(study_name="tiny", storage=url)
    record = StudyRecord.of(study)
    assert len(record.trained) == TRIALS
    assert all(t.state.is_finished() for t in record.trials)
    assert sum(t.reference for t in record.trained) == 1
    # What was lost was trained again, once, from its first epoch.
    lost = {claims.identity(t) for t in study.trials if TrialKey.LOST in t.user_attrs and t.params}
    again = Counter(claims.identity(study.trials[t.number]) for t in record.trained)
    assert lost and {again[name] for name in lost} == {1}
    # A width of 15 diverges in its first epoch; all others train every epoch, each once.
    for trial in record.trained:
        last = 1 if trial.outcome == "diverged" else 60
        assert [e.epoch for e in trial.history] == list(range(1, last + 1))
        assert (trial.outcome == "diverged") == (trial.values["width"] == 15)
