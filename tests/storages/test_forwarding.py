"""A storage whose calls another process makes, under Optuna's own suite."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage, RDBStorage
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState

from tuner.basics.optuna_private import id_of, with_cache
from tuner.errors import StorageError
from tuner.storages.forwarding import Call, ForwardedStorage, Forwarder
from tuner.storages.opening import open_storage


class TestOptunasSuiteInMemory(StorageTestCase):
    @pytest.fixture
    def storage(self) -> BaseStorage:
        return ForwardedStorage(Forwarder(InMemoryStorage()).answer)


class TestOptunasSuiteInAFile(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> BaseStorage:
        opened = with_cache(RDBStorage(f"sqlite:///{tmp_path / 'study.db'}"))
        return ForwardedStorage(Forwarder(opened).answer)


class Counting:
    """A way for calls that counts what is brought back."""

    def __init__(self, storage: BaseStorage) -> None:
        self._forwarder = Forwarder(storage)
        self.bytes = 0

    def __call__(self, parcel: bytes) -> bytes:
        answer = self._forwarder.answer(parcel)
        self.bytes += len(answer)
        return answer


def test_what_has_ended_is_brought_once() -> None:
    inner = InMemoryStorage()
    study = optuna.create_study(study_name="s", storage=inner)
    running = study.ask()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=300)
    way = Counting(inner)
    reader = optuna.load_study(study_name="s", storage=ForwardedStorage(way))
    assert len(reader.get_trials(deepcopy=False)) == 301
    way.bytes = 0
    running.report(0.5, 3)
    study.ask()
    trials = reader.get_trials(deepcopy=False)
    assert len(trials) == 302 and trials[0].intermediate_values == {3: 0.5}
    assert way.bytes < 5_000
    study.tell(running, 1.0)
    assert reader.get_trials(deepcopy=False)[0].state == TrialState.COMPLETE
    way.bytes = 0
    assert len(reader.get_trials(states=(TrialState.COMPLETE,))) == 301
    assert way.bytes < 5_000


def test_a_trial_that_appears_behind_a_later_one_is_seen() -> None:
    inner = InMemoryStorage()
    study = optuna.create_study(study_name="s", storage=inner)
    late, early = study.ask(), study.ask()
    study.tell(early, 1.0)
    every = inner.get_all_trials
    hidden = [id_of(late)]

    def without_hidden(*given: Any, **named: Any) -> list[optuna.trial.FrozenTrial]:
        return [t for t in every(*given, **named) if id_of(t) not in hidden]

    inner.get_all_trials = without_hidden  # type: ignore[method-assign]
    reader = optuna.load_study(study_name="s", storage=ForwardedStorage(Forwarder(inner).answer))
    assert len(reader.get_trials()) == 1
    hidden.clear()
    more = study.ask()
    assert {t.number for t in reader.get_trials()} >= {early.number, more.number}
    study.tell(late, 2.0)
    ended = reader.get_trials(states=(TrialState.COMPLETE,))
    assert [t.number for t in ended] == [late.number, early.number]


def test_what_runs_is_not_brought_to_one_who_asks_for_what_has_ended(tmp_path: Path) -> None:
    ours = open_storage(f"sqlite:///{tmp_path / 'study.db'}", worker=True)
    study = optuna.create_study(study_name="s", storage=ours)
    running = [study.ask() for _ in range(20)]
    for trial in running:
        trial.set_user_attr("history", "x" * 1_000)
    way = Counting(ours)
    reader = optuna.load_study(study_name="s", storage=ForwardedStorage(way))
    complete = (TrialState.COMPLETE,)
    for ended in range(3):
        way.bytes = 0
        assert len(reader.get_trials(deepcopy=False, states=complete)) == ended
        assert way.bytes < 3_000
        study.tell(running[ended], 1.0)
    assert len(reader.get_trials(deepcopy=False)) == 20
    assert [t.number for t in reader.get_trials(states=complete)] == [0, 1, 2]


def test_another_forwarder_is_read_from_its_beginning() -> None:
    inner = InMemoryStorage()
    study = optuna.create_study(study_name="s", storage=inner)
    study.optimize(lambda trial: 1.0, n_trials=3)
    at = [Forwarder(inner)]
    reader = ForwardedStorage(lambda parcel: at[0].answer(parcel))
    known = optuna.load_study(study_name="s", storage=reader)
    assert len(known.trials) == 3
    at[0] = Forwarder(inner)
    study.optimize(lambda trial: 1.0, n_trials=1)
    assert [t.number for t in known.trials] == [0, 1, 2, 3]
    assert [t.number for t in known.trials] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["remove_session", "__class__", "_backend"])
def test_only_a_storages_own_calls_are_made(name: str) -> None:
    answer = Forwarder(InMemoryStorage()).answer(pickle.dumps(tuple(Call(name, ()))))
    value, error = pickle.loads(answer)
    assert value is None and "a storage has no call" in str(error)


def test_errors_come_back_as_what_they_are() -> None:
    class Failing(InMemoryStorage):
        def get_all_studies(self) -> Any:
            raise StorageError("the disk is full.")

        def get_study_user_attrs(self, study_id: int) -> Any:
            error = RuntimeError("lost")
            error.connection = lambda: None  # type: ignore[attr-defined]
            raise error

    storage = ForwardedStorage(Forwarder(Failing()).answer)
    with pytest.raises(StorageError, match="the disk is full"):
        storage.get_all_studies()
    with pytest.raises(RuntimeError, match="lost"):
        storage.get_study_user_attrs(0)
