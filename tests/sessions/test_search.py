"""Whole searches, with worker processes and real trainings, on images of eight pixels."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import optuna
import psutil
import pytest
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError

from tests.helpers import tiny
from tuner import search
from tuner.errors import SpaceError, StudyChangedError, StudyError
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import Run
from tuner.sessions.result import Result
from tuner.sessions.watcher import Silent
from tuner.storages import claims


def go(folder: Path, **options: object) -> Result:
    options = {"certify": False, **options}  # see test_certify.py
    return search(str(folder / "tiny.toml"), results=folder / "out", **options)  # type: ignore[arg-type]


def is_over(record: StudyRecord, trials: int) -> bool:
    """Whether so many were trained, or fewer because a single unit met the target.

    With some initial weights one does, and then nothing smaller is left to train.
    """
    best = record.incumbent
    return len(record.trained) == trials or (best is not None and best.values["width"] == 1)


def test_a_search_ends_with_the_smallest_model_it_met_the_target_with(tmp_path: Path) -> None:
    tiny.write(tmp_path, extra="[reference]\nwidth = 64")
    result = go(tmp_path, trials=8, workers=2)
    record = result.record
    assert result.status == "met"
    assert is_over(record, 8)
    reference, best = result.reference, result.best
    assert reference is not None and best is not None
    assert (reference.number, reference.size) == (0, 65 * 64 + 65 * 3)
    assert reference.values["width"] == 64
    assert best.size is not None and reference.size is not None and best.size < reference.size
    met = [t for t in record.trials if t.reached]
    assert best.size == min(t.size or 0 for t in met)
    # Each became the incumbent when it ended: nothing at or above the incumbent was trained on.
    for trial in record.trials:
        if trial.outcome == "gated":
            assert trial.epochs == 0 and trial.value is None
    # What the file says is what the trial said.
    assert result.model_file is not None
    model = keras.models.load_model(result.model_file)
    assert model.count_params() == best.total_size
    arrays = tiny.images()
    accuracy = (model.predict(arrays["x_test"], verbose=0).argmax(1) == arrays["y_test"]).mean()
    assert accuracy > 0.8
    assert best.attributes[TrialKey.VERSIONS]["backend"] == keras.backend.backend()
    assert len(best.attributes[TrialKey.DATA_HASH]) == 64
    # The same command again does nothing more.
    again = go(tmp_path, trials=8, workers=2)
    assert len(again.record.trials) == len(record.trials)
    assert again.status == "met"


def test_a_target_out_of_reach_is_said_to_be_so(tmp_path: Path) -> None:
    file = tiny.write(tmp_path, target=0.999, horizon=1)
    file.write_text(file.read_text().replace("margin = 0.0", "margin = 0.01"))
    result = go(tmp_path, trials=3, workers=1, reference=False)
    assert result.status == "not_met"
    assert result.best is None
    closest = result.record.closest
    assert closest is not None and closest.val_accuracy is not None


def test_every_way_to_fail_is_an_outcome_and_not_the_end(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.99)
    study = search(
        str(tmp_path / "tiny.toml"), results=tmp_path / "out", trials=1, workers=1, certify=False
    ).record
    storage = f"sqlite:///{tmp_path / 'out' / 'tuner.db'}"
    loaded = optuna.load_study(study_name=study.name, storage=storage)
    for width in (13, 14, 15):
        loaded.enqueue_trial({"width": width, "rate": 0.01, "batch_size": 32})
    result = go(tmp_path, more=2, workers=1)
    outcomes = {t.values.get("width") or t.params["width"]: t for t in result.record.trials}
    assert outcomes[13].outcome == "failed" and "13 is unlucky" in (outcomes[13].error or "")
    assert outcomes[14].outcome == "out_of_memory"
    assert outcomes[15].outcome in ("diverged", "gated")


def test_a_space_in_which_nothing_can_be_trained_ends_with_its_error(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    space = tmp_path / "space.py"
    space.write_text(
        space.read_text().replace("if width == 13:", "if width > 0 and rate < 0.09999:")
    )
    with pytest.raises((SpaceError, StudyError), match="unlucky"):
        go(tmp_path, trials=3, workers=1)


def test_a_space_that_changed_under_its_results_is_refused(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    go(tmp_path, trials=1, workers=1)
    space = tmp_path / "space.py"
    space.write_text(space.read_text().replace('"width", 1, 64', '"width", 1, 65'))
    with pytest.raises(StudyChangedError, match="search space"):
        go(tmp_path, trials=2, workers=1)


def test_a_sweep_trains_each_cell_with_each_seed_once(tmp_path: Path) -> None:
    file = tiny.write_sweep(tmp_path)
    result = search(str(file), results=tmp_path / "out", workers=2)
    assert result.status == "complete"
    seen = Counter((t.values["width"], t.seed) for t in result.record.trials)
    assert sorted(seen.values()) == [1, 1, 1, 1]
    assert {w for w, _ in seen} == {2, 16}
    assert all(t.epochs == 2 and t.values["rate"] == 0.01 for t in result.record.trials)


class Interrupter(Silent):
    """Presses Ctrl-C once the first epoch has been seen."""

    def __init__(self) -> None:
        self.pressed = False

    def updated(self, record: StudyRecord, run: Run) -> None:
        if not self.pressed and any(t.epochs for t in record.trials):
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_search_goes_on_with_what_it_was_training(tmp_path: Path) -> None:
    tiny.write(tmp_path, target=0.99, horizon=5_000)
    # Labels that nothing can be learned from, so that the training still runs when it is stopped.
    arrays = tiny.images()
    arrays["y_train"] = np.random.default_rng(1).permutation(arrays["y_train"])
    np.savez(tmp_path / "images.npz", **arrays)
    result = go(tmp_path, trials=2, workers=1, pruner="none", watcher=Interrupter())
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
        "search('tiny.toml', results='out', trials=6, workers=1, certify=False)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) for _ in range(2)]
    assert [p.wait() for p in processes] == [0, 0]
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{tmp_path}/out/tuner.db")
    record = StudyRecord.of(study)
    assert is_over(record, 6)
    assert sum(t.reference for t in record.trained) == 1
    configurations = [json.dumps(dict(t.values), sort_keys=True) for t in record.trained]
    assert len(set(configurations)) == len(record.trained)
    hosts = {t.attributes[TrialKey.WORKER]["pid"] for t in record.trained}
    assert len(hosts) == 2


KILLS = 10


def await_epoch(url: str) -> None:
    """Waits until a trial is in the middle of its training."""
    while True:
        with contextlib.suppress(KeyError, OperationalError):  # nothing made yet
            study = optuna.load_study(study_name="tiny", storage=url)
            running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if any(claims.worker_lives(t) and t.intermediate_values for t in running):
                return
        time.sleep(0.2)


def test_killed_ten_times_it_ends_with_exactly_the_trials_it_was_asked_for(tmp_path: Path) -> None:
    # Out of reach and never pruned: every training takes its whole horizon, a few seconds.
    file = tiny.write(tmp_path, target=0.99, horizon=60, extra="[reference]\nwidth = 64")
    file.write_text(file.read_text().replace("margin = 0.0", "margin = 0.02"))
    code = (
        "from tuner import search; "
        "search('tiny.toml', results='out', trials=20, workers=2, pruner='none', certify=False)"
    )
    rng = random.Random(0)
    url = f"sqlite:///{tmp_path}/out/tuner.db"

    def start() -> psutil.Popen:
        return psutil.Popen([sys.executable, "-c", code], cwd=tmp_path)

    parent = start()
    for kill in range(KILLS):
        if kill % 3:
            await_epoch(url)
            time.sleep(rng.uniform(0, 1))
        else:  # any moment, while workers start too
            time.sleep(rng.uniform(2, 10))
        assert parent.poll() is None, "the search ended before it could be killed"
        workers = parent.children()
        if kill % 2 and workers:
            rng.choice(workers).kill()
            continue
        for process in [parent, *workers]:
            process.kill()
        parent.wait()
        parent = start()
    assert parent.wait() == 0
    study = optuna.load_study(study_name="tiny", storage=url)
    record = StudyRecord.of(study)
    assert len(record.trained) == 20
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
