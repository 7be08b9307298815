"""Searches whose reader goes away: they end in order, quietly, and lose nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import optuna
import psutil
import pytest
from optuna.trial import TrialState

from tests.helpers import tiny
from tuner.records.keys import TrialKey

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there"),
]

ROOT = Path(__file__).parents[2]


def command(trials: int) -> list[str]:
    typed = ["search", "tiny.toml", "--results", "out", "--trials", str(trials), "--workers", "1"]
    return [sys.executable, "-m", "tuner", *typed, "--prove", "none", "--pruner", "none"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("how", ["--json", "--no-live"])
def test_a_search_whose_reader_goes_away_stops_in_order(tmp_path: Path, how: str) -> None:
    tiny.write(tmp_path, target=0.9999, horizon=40)
    process = subprocess.Popen(
        [*command(30), how],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    parent = psutil.Process(process.pid)
    while "trial_ended" not in (line := process.stdout.readline()) and "[1/30]" not in line:
        assert line, process.stderr.read()
    workers = parent.children(recursive=True)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert said == ""
    assert workers and not psutil.wait_procs(workers, timeout=10)[1]
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{tmp_path}/out/tuner.db")
    states = [t.state for t in study.trials]
    assert TrialState.RUNNING not in states
    lost = [t for t in study.trials if TrialKey.LOST in t.user_attrs and t.params]
    assert states.count(TrialState.WAITING) >= len(lost)


def test_a_search_without_standard_output_runs_to_its_end(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    ran = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *command(2)],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=200,
    )
    assert ran.returncode in (0, 1), ran.stderr
    assert ran.stderr == ""
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{tmp_path}/out/tuner.db")
    assert sum(TrialKey.OUTCOME in t.user_attrs for t in study.trials) >= 1
