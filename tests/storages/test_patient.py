"""A call whose connection is lost is made again, whether or not it had been done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from tuner.basics.optuna_private import id_of, set_state
from tuner.errors import StorageError
from tuner.storages.failures import ConnectionLostError
from tuner.storages.patience import Patience
from tuner.storages.patient import PatientStorage
from tuner.storages.urls import Address

WRITES = (
    "create_new_study",
    "set_study_user_attr",
    "set_study_system_attr",
    "create_new_trial",
    "set_trial_param",
    "set_trial_state_values",
    "set_trial_intermediate_value",
    "set_trial_user_attr",
    "set_trial_system_attr",
)


class Losing(InMemoryStorage):
    """Its connection is lost once for each kind of write: before it is done, or after."""

    def __init__(self, done: bool) -> None:
        super().__init__()
        for name in WRITES:
            setattr(self, name, self._losing(getattr(super(), name), done))

    def _losing(self, write: Callable[..., Any], done: bool) -> Callable[..., Any]:
        lost = False

        def call(*given: Any, **named: Any) -> Any:
            nonlocal lost
            if lost:
                return write(*given, **named)
            lost = True
            if done:
                write(*given, **named)
            raise ConnectionLostError("connection refused")

        return call


def patient(inner: InMemoryStorage, patience: Patience) -> PatientStorage:
    return PatientStorage(inner, Address("postgresql://me:secret@host/x", None, None), patience)


def in_use(storage: optuna.storages.BaseStorage) -> tuple[Any, ...]:
    """Makes a study with every kind of write; returns what can be read of it."""
    study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)
    study.set_user_attr("a", 1)
    storage.set_study_system_attr(storage.get_study_id_from_name("s"), "m", 1)
    study.enqueue_trial({"x": 0.5}, user_attrs={"reference": True})
    if not (taken := study.ask()).user_attrs:
        pytest.fail("the queued trial was not the first to be taken")
    for trial in (taken, study.ask()):
        trial.suggest_float("x", 0.5, 0.5)
        trial.report(0.25, 1)
        trial.set_user_attr("b", [1, 2])
        trial.set_constraint("c", -1.0)
        study.tell(trial, 7.0)
    return (
        study.user_attrs,
        [
            (t.number, t.state, t.values, t.params, t.user_attrs, t.intermediate_values)
            for t in study.trials
        ],
    )


def test_a_connection_that_is_lost_before_a_write_changes_nothing() -> None:
    said: list[str] = []
    storage = patient(Losing(done=False), Patience(said.append))
    assert in_use(storage) == in_use(InMemoryStorage())
    assert said[0].startswith(
        "the storage 'postgresql://me:***@host/x' is away: connection refused"
    )
    assert len(said) == len(WRITES)


def test_a_connection_that_is_lost_after_a_write_doubles_nothing() -> None:
    inner = Losing(done=True)
    storage = patient(inner, Patience(lambda _: None))
    study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)
    study.set_user_attr("a", 1)
    trials = [study.ask() for _ in range(3)]
    for trial in trials:
        trial.suggest_float("x", 0, 1)
        trial.report(0.25, 1)
        trial.set_user_attr("b", [1, 2])
        study.tell(trial, 7.0)
    assert [t.number for t in study.trials] == [0, 1, 2]
    assert all(t.state == TrialState.COMPLETE and t.values == [7.0] for t in study.trials)
    assert all(t.user_attrs == {"b": [1, 2]} for t in study.trials)
    assert len(inner.get_all_studies()) == 1


def test_of_a_trial_that_another_process_ended_the_storage_says_so() -> None:
    inner = InMemoryStorage()
    study = optuna.create_study(storage=patient(inner, Patience()), study_name="s")
    trial = study.ask()
    inner.set_trial_state_values(id_of(trial), TrialState.FAIL)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        set_state(study, trial, TrialState.COMPLETE, [1.0])


class Away(InMemoryStorage):
    """A server that does not come back."""

    def get_all_studies(self) -> list[Any]:
        raise ConnectionLostError("connection refused with secret")


def test_waiting_ends_with_a_line_that_says_for_how_long() -> None:
    said: list[str] = []
    storage = patient(Away(), Patience(said.append, longest=1.5))
    with pytest.raises(StorageError, match=r"for [12] s: connection refused with \*\*\*;"):
        storage.get_all_studies()
    (line,) = said
    assert "secret" not in line and line.endswith("waiting up to 2 s for it.")


def test_whoever_is_asked_to_stop_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.storages.patience.AFTER_STOP", 0.5)
    patience = Patience(lambda _: None)
    with patience.ended_by(lambda: True), pytest.raises(StorageError, match="connection refused"):
        patient(Away(), patience).get_all_studies()
