"""A worker elsewhere on a PostgreSQL study, whose command, process and server all die once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import psutil
import pytest
from optuna.trial import TrialState

from tests.helpers import servers, tiny
from tuner.records.keys import StudyKey, TrialKey
from tuner.storages import claims
from tuner.storages.opening import open_storage

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TRIALS = 4
PATIENCE = 240.0
SEARCH = ["search", "tiny.toml", "--trials", str(TRIALS), "--prove", "none", "--pruner", "none"]


def begin(folder: Path, url: str, *typed: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tuner", *typed],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TUNER_STORAGE": url},
            stdout=log,
            stderr=log,
        )


def await_(happened: Callable[[], bool], folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.3)


def write(folder: Path) -> None:
    """A study in which nothing can be learnt: no trial ends early, none makes others pointless."""
    tiny.write(folder, target=0.99999, horizon=150)
    images = tiny.images()
    np.random.default_rng(0).shuffle(images["y_train"])
    np.savez(folder / "images.npz", **images)
    space = folder / "space.py"
    for width in (13, 14, 15):  # those that fail
        space.write_text(space.read_text().replace(f"width == {width}", "width == 0"))


def test_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    write(tmp_path)
    found: list[optuna.Study] = []

    def begun() -> bool:
        try:
            storage = open_storage(server.url, create=False)
            found.append(optuna.load_study(study_name="tiny", storage=storage))
        except Exception:  # neither tables nor study are there yet
            return False
        return StudyKey.ORDERS in found[-1].user_attrs

    def trains() -> bool:
        running = [t for t in found[-1].trials if t.state == TrialState.RUNNING]
        return any(t.intermediate_values for t in running)

    with servers.postgres() as server:
        command = begin(tmp_path, server.url, *SEARCH, "--workers", "0", "--results", "home")
        await_(begun, tmp_path)
        worker = begin(tmp_path, server.url, "worker", "tiny", "--results", "far")
        await_(trains, tmp_path)
        for child in psutil.Process(worker.pid).children():
            child.kill()  # its training process
        command.send_signal(signal.SIGKILL)
        command.wait()
        server.stop()
        time.sleep(3)
        server.start()
        again = begin(tmp_path, server.url, *SEARCH, "--workers", "1", "--results", "home")
        try:
            assert again.wait(timeout=PATIENCE) == 1, (tmp_path / "log").read_text()
            assert worker.wait(timeout=PATIENCE) == 0, (tmp_path / "log").read_text()
        finally:
            for process in (again, worker):
                process.kill()
                process.wait()
        trials = found[-1].trials
    assert claims.trained(trials) == TRIALS
    assert all(t.state.is_finished() for t in trials)
    outcomes = [claims.root_of(t) for t in trials if TrialKey.OUTCOME in t.user_attrs]
    assert len(outcomes) == len(set(outcomes))
    assert any(t.user_attrs.get(TrialKey.LOST) == "its worker died" for t in trials)
    assert servers.PASSWORD not in (tmp_path / "log").read_text()
