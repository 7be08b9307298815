from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import optuna
import psutil
import pytest
from optuna.trial import TrialState

from tuner.records.keys import StudyKey, TrialKey
from tuner.storages import claims, heartbeats


@pytest.fixture
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.set_user_attr(StudyKey.STUDY, {"minimize": "size"})
    return study


def dead_worker() -> dict[str, Any]:
    """The identity of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    worker = {**heartbeats.me(), "pid": process.pid}
    process.wait(timeout=60)
    return worker


def lose(study: optuna.Study, **attributes: Any) -> optuna.Trial:
    """A running trial whose worker is dead."""
    trial = study.ask()
    trial.suggest_int("width", 1, 100)
    trial.set_user_attr(TrialKey.WORKER, dead_worker())
    for key, value in attributes.items():
        trial.set_user_attr(key, value)
    return trial


def waiting(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(states=(TrialState.WAITING,))


def test_a_trial_of_this_process_is_alive(study: optuna.Study) -> None:
    trial = study.ask()
    claims.claim(trial)
    assert claims.reap(study) == []
    assert study.trials[0].state == TrialState.RUNNING


def test_a_lost_trial_is_queued_once_with_its_params_and_nothing_measured(
    study: optuna.Study,
) -> None:
    trial = lose(study, history=[{"epoch": 1}])
    trial.report(0.3, 1)
    trial.set_constraint("shortfall", 0.3)
    assert claims.reap(study) == [0]
    claims.requeue(study)
    claims.reap(study)
    (queued,) = waiting(study)
    assert queued.system_attrs["fixed_params"] == trial.params
    assert queued.user_attrs == {TrialKey.RETRY_OF: 0}
    assert queued.intermediate_values == {}
    assert queued.constraints == {}
    assert study.trials[0].state == TrialState.FAIL


def test_a_retry_that_is_lost_too_is_queued_again_for_the_same_trial(study: optuna.Study) -> None:
    params = lose(study).params
    claims.reap(study)
    retry = study.ask()
    retry.set_user_attr(TrialKey.WORKER, dead_worker())
    assert claims.reap(study) == [1]
    (queued,) = waiting(study)
    assert queued.user_attrs[TrialKey.RETRY_OF] == 0
    assert queued.system_attrs["fixed_params"] == params


def test_a_lost_reference_stays_the_reference(study: optuna.Study) -> None:
    study.enqueue_trial({"width": 50}, user_attrs={TrialKey.REFERENCE: True})
    lose(study)
    claims.reap(study)
    (queued,) = waiting(study)
    assert queued.user_attrs[TrialKey.REFERENCE] is True


def test_of_two_retries_of_one_trial_only_one_is_trained(study: optuna.Study) -> None:
    lose(study)
    claims.reap(study)
    study.enqueue_trial({"width": 1}, user_attrs={TrialKey.RETRY_OF: 0})  # by a rival process
    first, second = study.ask(), study.ask()
    trials = study.get_trials()
    assert not claims.superseded(first.number, trials)
    assert claims.superseded(second.number, trials)


@pytest.mark.parametrize(
    ("outcome", "state", "value"),
    [
        ("reached", TrialState.COMPLETE, 77.0),
        ("missed", TrialState.COMPLETE, 77.0),
        ("pruned", TrialState.PRUNED, 0.25),
        ("failed", TrialState.FAIL, None),
    ],
)
def test_a_worker_that_died_between_outcome_and_tell_has_its_trial_concluded(
    study: optuna.Study, outcome: str, state: TrialState, value: float | None
) -> None:
    trial = lose(study, size=77)
    trial.report(0.25, 1)
    trial.set_user_attr(TrialKey.OUTCOME, outcome)
    assert claims.reap(study) == []
    assert waiting(study) == []
    assert study.trials[0].state == state
    assert study.trials[0].value == value


def test_a_worker_elsewhere_is_judged_by_its_heartbeat(study: optuna.Study) -> None:
    elsewhere = {"host": "another", "pid": os.getpid(), "started": 0.0}
    now = 0.0
    seen = heartbeats.Heartbeats(lambda: now)
    trials = [study.ask() for _ in range(3)]
    hours_off = (0.0, 3_600.0, -3_600.0)  # of the clocks of their machines
    for trial in trials:
        trial.set_user_attr(TrialKey.WORKER, elsewhere)
    while now < 2 * heartbeats.STALE_SECONDS - heartbeats.HEARTBEAT_SECONDS:
        alive = trials if now < heartbeats.STALE_SECONDS else trials[:1]
        for trial, off in zip(alive, hours_off, strict=False):
            trial.set_user_attr(TrialKey.HEARTBEAT, time.time() + off + now)
        assert claims.reap(study, seen) == []
        now += heartbeats.HEARTBEAT_SECONDS
    assert claims.reap(study, seen) == [1, 2]


def test_whoever_comes_later_gives_a_worker_elsewhere_its_time(study: optuna.Study) -> None:
    trial = study.ask()
    trial.set_user_attr(TrialKey.WORKER, {"host": "another", "pid": 1, "started": 0.0})
    trial.set_user_attr(TrialKey.HEARTBEAT, time.time() - 3_600)
    now = 1e6
    seen = heartbeats.Heartbeats(lambda: now)
    assert claims.reap(study, seen) == []
    now += heartbeats.STALE_SECONDS
    assert claims.reap(study, seen) == [0]


def test_a_trial_that_nobody_claims_is_lost_after_a_while(study: optuna.Study) -> None:
    study.ask()
    now = 0.0
    seen = heartbeats.Heartbeats(lambda: now)
    assert claims.reap(study, seen) == []
    now += heartbeats.CLAIM_SECONDS
    assert claims.reap(study, seen) == [0]


def test_a_laptop_that_sleeps_loses_no_trial_of_others(study: optuna.Study) -> None:
    """Windows' steady clock counts the time asleep; a trial may just have been asked for."""
    trial = study.ask()
    trial.set_user_attr(TrialKey.WORKER, {"host": "another", "pid": 1, "started": 0.0})
    trial.set_user_attr(TrialKey.HEARTBEAT, 1.0)
    now = 0.0
    seen = heartbeats.Heartbeats(lambda: now)
    for _ in range(4):
        assert claims.reap(study, seen) == []
        now += 15.0
    study.ask()
    assert claims.reap(study, seen) == []
    now += 8 * 3_600
    assert claims.reap(study, seen) == []
    trial.set_user_attr(TrialKey.HEARTBEAT, 2.0)  # that machine has slept as well
    lost = []
    for _ in range(3):
        now += 15.0
        lost += claims.reap(study, seen)
    assert lost == [1]  # nobody has claimed it while somebody was looking


def test_a_clock_that_is_set_does_not_end_a_worker(
    study: optuna.Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    if heartbeats.me()["boot"] is None:
        pytest.skip("this system does not say when it was started")
    trial = study.ask()
    claims.claim(trial)
    started, booted = psutil.Process().create_time(), psutil.boot_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: started + 3_600)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted + 3_600)
    assert claims.reap(study) == []


def test_a_reused_process_id_does_not_keep_a_dead_worker_alive(study: optuna.Study) -> None:
    trial = study.ask()
    trial.set_user_attr(TrialKey.WORKER, {**heartbeats.me(), "started": 12.0, "uptime": 12.0})
    assert claims.reap(study) == [0]


def test_the_budget_goes_to_the_lower_numbers(study: optuna.Study) -> None:
    for _ in range(3):
        study.ask()
    trials = study.get_trials()
    assert [claims.over_budget(n, trials, 2) for n in range(3)] == [False, False, True]
    # What has ended, but did not train, leaves room; what was trained does not.
    study.tell(0, state=TrialState.FAIL)
    assert not claims.over_budget(2, study.get_trials(), 2)
    trained = study.ask()
    trained.set_user_attr(TrialKey.OUTCOME, "missed")
    study.tell(trained, 77.0)
    assert [claims.over_budget(n, study.get_trials(), 2) for n in (1, 2)] == [False, True]


def test_a_configuration_that_kills_its_workers_is_given_up(study: optuna.Study) -> None:
    lose(study)
    pid = study.trials[0].user_attrs[TrialKey.WORKER]["pid"]
    for expected in (0, 1):
        assert claims.count_crash(study, pid, -9) == expected
        claims.reap(study)
        retry = study.ask()
        worker = {**heartbeats.me(), "pid": pid, "started": 1.0, "uptime": 1.0}
        retry.set_user_attr(TrialKey.WORKER, worker)
    assert claims.count_crash(study, pid, -9) is None
    claims.reap(study)
    assert study.trials[2].user_attrs[TrialKey.OUTCOME] == "out_of_memory"
    assert waiting(study) == []


def epochs(count: int) -> dict[str, Any]:
    return {f"{TrialKey.HISTORY}:0": [{"epoch": i + 1} for i in range(count)]}


def die(study: optuna.Study, trained: int, *, alone: bool, taken_over: int = 0) -> int | None:
    """Loses the running trial after so many epochs, and takes it again.

    Its worker dies alone, or with the command that would count it.
    """
    (running,) = study.get_trials(states=(TrialState.RUNNING,))
    history = [{"epoch": i + 1} for i in range(trained)]
    for key, value in ((f"{TrialKey.HISTORY}:0", history), (TrialKey.TAKEN_OVER, taken_over)):
        study._storage.set_trial_user_attr(running._trial_id, key, value)
    pid = running.user_attrs[TrialKey.WORKER]["pid"]
    number = claims.count_crash(study, pid, -9) if alone else None
    claims.reap(study)
    if waiting(study):
        study.ask().set_user_attr(TrialKey.WORKER, dead_worker())
    return number


@pytest.mark.parametrize(
    ("trained", "given_up"),
    [
        ((1, 2, 3, 4, 5, 6, 7), False),  # each worker came an epoch further
        ((1, 1, 2, 2, 3, 3, 4), False),
        ((0, 0, 0), True),
        ((1, 1, 1), True),  # three of them died in the second epoch
        ((2, 1, 1), True),  # and so if they began anew
    ],
)
def test_workers_that_are_killed_while_they_get_on_cost_no_configuration(
    study: optuna.Study, trained: tuple[int, ...], given_up: bool
) -> None:
    lose(study)
    found = [die(study, count, alone=True) for count in trained]
    assert None not in found[:-1]
    assert (found[-1] is None) == given_up
    outcomes = [t.user_attrs.get(TrialKey.OUTCOME) for t in study.trials]
    assert ("out_of_memory" in outcomes) == given_up


def test_a_later_checkpoint_is_a_way_on(study: optuna.Study) -> None:
    lose(study)
    runs = [(5, 0), (2, 1), (4, 1), (5, 2), (5, 3), (5, 3), (5, 4), (5, 4)]
    found = [die(study, count, alone=True, taken_over=taken) for count, taken in runs]
    assert None not in found
    assert die(study, 5, alone=True, taken_over=4) is None


@pytest.mark.parametrize(
    ("trained", "losses"), [((1, 2, 3), 0), ((1, 1), 1), ((2, 2, 2), 2), ((2, 1, 2), 2), ((0,), 1)]
)
def test_losses_in_a_row_are_those_without_another_epoch(
    study: optuna.Study, trained: tuple[int, ...], losses: int
) -> None:
    lose(study)
    for count in trained:
        die(study, count, alone=False)
    assert study.trials[-1].user_attrs.get(TrialKey.LOSSES, 0) == losses
