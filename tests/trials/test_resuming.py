"""A lost trial goes on from its checkpoint, and ends as if it had never been lost."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import TrialState

from tests.helpers import tiny, works
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord
from tuner.storages import claims, leftovers
from tuner.trials.run import run
from tuner.trials.search import SearchTrial
from tuner.trials.work import Work

WIDTH = {"width": 2, "rate": 0.001, "batch_size": 32}


@pytest.fixture(autouse=True)
def _write_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """These epochs last milliseconds, less than a hundred times as long as writing."""
    monkeypatch.setattr("tuner.training.checkpoints.SHARE", float("inf"))


def work_in(
    folder: Path,
    stopping: Callable[[], bool] = lambda: False,
    *,
    target: float = 0.99,
    params: dict[str, Any] = WIDTH,
) -> Work:
    """A study of one queued configuration, which by default does not meet its target."""
    file = tiny.write(folder, target=target, horizon=6)
    work = works.work_in(folder, file, stopping=stopping)
    work.study.enqueue_trial(params)
    return work


def train(work: Work) -> TrialRecord:
    """Takes the queued trial and trains it until it ends or is to stop."""
    trial = work.study.ask()
    claims.claim(trial)
    run(trial, work)
    return StudyRecord.of(work.study).trials[trial.number]


def after(epochs: int, folder: Path) -> Callable[[], bool]:
    """Stops once the checkpoint has so many epochs."""

    def stop() -> bool:
        files = list((folder / "out" / "checkpoints").glob("*.npz"))
        if not files:
            return False
        with np.load(files[0]) as file:
            about = bytes(file["about"].tobytes()).decode()
        return about.count('"epoch"') >= epochs

    return stop


def numbers(trial: TrialRecord) -> list[dict[str, float]]:
    return [{**dataclasses.asdict(e), "seconds": 0.0} for e in trial.history]


def files_in(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def test_it_ends_with_the_same_numbers(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    never_lost = train(work_in(tmp_path / "whole"))
    assert never_lost.epochs == 6
    work = work_in(tmp_path / "cut", after(2, tmp_path / "cut"))
    lost = train(work)
    assert lost.outcome is None and 2 <= lost.epochs < 6
    claims.requeue(work.study)
    again = train(dataclasses.replace(work, stopping=lambda: False))
    assert again.outcome == never_lost.outcome
    assert again.retry_of == lost.number and again.taken_over >= 2
    assert numbers(again) == numbers(never_lost)
    assert again.shortfall == never_lost.shortfall
    (stored,) = work.study.get_trials(states=[TrialState.COMPLETE])
    assert sorted(stored.intermediate_values) == [1, 2, 3, 4, 5, 6]
    record = StudyRecord.of(work.study)
    assert record.epochs_spent == lost.epochs + 6 - again.taken_over
    assert not list((tmp_path / "cut" / "out" / "checkpoints").iterdir())


def test_another_configuration_does_not_go_on_from_it(tmp_path: Path) -> None:
    work = work_in(tmp_path, after(1, tmp_path))
    lost = train(work)
    work.study.enqueue_trial({**WIDTH, "width": 3}, user_attrs={TrialKey.RETRY_OF: lost.number})
    other = train(dataclasses.replace(work, stopping=lambda: False))
    assert other.taken_over == 0 and other.epochs == 6


def test_one_that_never_ends_an_epoch_is_spoken_of(tmp_path: Path) -> None:
    work = work_in(tmp_path, lambda: True)
    for _ in range(claims.MOST_LOSSES):
        assert claims.never_finish_an_epoch(work.study) == []
        train(work)
        claims.requeue(work.study)
    assert claims.never_finish_an_epoch(work.study) == [(0, claims.MOST_LOSSES)]


class Killed(BaseException):
    """Stands for a SIGKILL: nothing in a trial may catch it."""


def kill_in(monkeypatch: pytest.MonkeyPatch, method: str, call: int = 1) -> None:
    """Kills the process of a trial as it begins to do something, the first time or a later one."""
    calls = itertools.count(1)
    real = getattr(SearchTrial, method)

    def die(*arguments: Any) -> Any:
        if next(calls) == call:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(SearchTrial, method, die)


def lose(work: Work) -> None:
    """Trains the queued trial until its process is killed; the trial is queued again."""
    with pytest.raises(Killed):
        train(work)
    (running,) = work.study.get_trials(states=[TrialState.RUNNING])
    assert claims.abandon(work.study, running, "its worker died")
    claims.requeue(work.study)


ENDS = {
    "reached": (0.4, WIDTH),
    "missed": (0.99, WIDTH),
    "diverged": (0.99, {**WIDTH, "width": 15}),
}
LAST = ("_note", "_judge")
"""What is done with each epoch; the rest of a trial's end is done once."""
MOMENTS = {
    "reached": (*LAST, "conclude", "save", "constrain"),
    "missed": ("_note", "constrain"),
    "diverged": ("_judge", "constrain"),
}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("outcome", "method"), [(o, m) for o, ms in MOMENTS.items() for m in ms])
def test_one_killed_after_its_last_epoch_ends_with_that_epoch(
    outcome: str, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, params = ENDS[outcome]
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    never_lost = train(work_in(tmp_path / "whole", target=target, params=params))
    assert never_lost.outcome == outcome
    work = work_in(tmp_path / "cut", target=target, params=params)
    kill_in(monkeypatch, method, never_lost.epochs if method in LAST else 1)
    lose(work)
    again = train(work)
    assert again.taken_over == never_lost.epochs
    assert numbers(again) == numbers(never_lost)
    assert (again.outcome, again.shortfall) == (never_lost.outcome, never_lost.shortfall)
    assert again.confusion == never_lost.confusion
    leftovers.clear(work.study, work.results)
    kept = {f"trial-{again.number:04d}.keras"} if outcome == "reached" else set()
    assert files_in(work.results) == kept
