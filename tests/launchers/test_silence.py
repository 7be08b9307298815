"""When a worker counts as silent for too long."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from tuner.launchers.silence import MOST_AT_ONCE, SILENT_SECONDS, Silence, processor_seconds
from tuner.records.keys import TrialKey


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def trial(pid: int = 7, beat: float = 1.0, epochs: int = 0, host: str = "") -> FrozenTrial:
    worker = {"host": host or socket.gethostname(), "pid": pid}
    return optuna.trial.create_trial(
        state=TrialState.RUNNING,
        user_attrs={TrialKey.WORKER: worker, TrialKey.HEARTBEAT: beat},
        intermediate_values=dict.fromkeys(range(1, epochs + 1), 0.5),
    )


def watched(seconds: float, *, step: float = 1.0, **changes: Any) -> set[int]:
    """Those too silent after so many seconds in which one thing of the trial changes."""
    clock = Clock()
    silence = Silence(clock)
    found: set[int] = set()
    for count in range(int(seconds / step) + 1):
        shown = {name: value(count) for name, value in changes.items()}
        found = silence.too_long([trial(**shown)])
        clock.now += step
    return found


@pytest.mark.parametrize(("seconds", "found"), [(SILENT_SECONDS, {7}), (SILENT_SECONDS - 1, set())])
def test_one_of_which_nothing_changes(seconds: float, found: set[int]) -> None:
    assert watched(seconds) == found


@pytest.mark.parametrize(
    "changes",
    [{"beat": lambda n: n // 30}, {"epochs": lambda n: n // 200}],
    ids=["beats", "trains"],
)
def test_one_that_beats_or_trains_is_not_silent(changes: dict[str, Any]) -> None:
    assert watched(3 * SILENT_SECONDS, **changes) == set()


def test_a_trial_without_a_worker_and_one_elsewhere_are_not_looked_after() -> None:
    assert watched(3 * SILENT_SECONDS, host=lambda _: "elsewhere") == set()
    unclaimed = optuna.trial.create_trial(state=TrialState.RUNNING)
    assert Silence().too_long([unclaimed]) == set()


def test_time_in_which_nobody_could_look_is_nobodys_silence() -> None:
    looks = SILENT_SECONDS / MOST_AT_ONCE
    assert watched((looks - 1) * 3_600, step=3_600.0) == set()
    assert watched(looks * 3_600, step=3_600.0) == {7}


def test_another_trial_is_a_sign_of_life() -> None:
    clock = Clock()
    silence = Silence(clock)
    for number in range(int(2 * SILENT_SECONDS)):
        shown = trial()
        shown.number = number // 100
        assert silence.too_long([shown]) == set()
        clock.now += 1.0


@pytest.mark.parametrize(
    ("used", "found"),
    [
        (lambda _: 3.0, {7}),
        (lambda n: n / 1_000, set()),  # it waits for a trial, and asks every second
        (lambda _: None, set()),  # it has just ended
    ],
)
def test_one_without_a_trial_lives_while_it_uses_its_processor(
    used: Callable[[int], float | None], found: set[int]
) -> None:
    clock = Clock()
    silence = Silence(clock, used=lambda _: used(int(clock.now)))
    seen: set[int] = set()
    for _ in range(int(SILENT_SECONDS) + 1):
        seen = silence.too_long([], [7])
        clock.now += 1.0
    assert seen == found


def test_a_trials_heartbeat_counts_more_than_its_processor() -> None:
    clock = Clock()
    silence = Silence(clock, used=lambda _: clock.now)
    for _ in range(int(SILENT_SECONDS) + 1):
        seen = silence.too_long([trial()], [7])
        clock.now += 1.0
    assert seen == {7}


def test_what_a_process_has_used_can_be_seen() -> None:
    assert (processor_seconds(os.getpid()) or 0.0) > 0.0
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=60)
    assert processor_seconds(ended.pid) is None
