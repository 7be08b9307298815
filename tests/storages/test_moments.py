"""Writes that are made at once, and looks that are made once, on every kind of storage."""

from __future__ import annotations

import math
import pickle
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage, InMemoryStorage, RDBStorage
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event

from tuner.basics.optuna_private import id_of
from tuner.errors import StorageError
from tuner.records.keys import TrialKey
from tuner.storages import claims
from tuner.storages.failures import ConnectionLostError
from tuner.storages.forwarding import ForwardedStorage, Forwarder
from tuner.storages.moments import Moments, Owner, TakenOverError
from tuner.storages.opening import open_storage
from tuner.storages.patient import PatientStorage
from tuner.storages.trial_rows import TrialRows, few_lengths

SPACE: dict[str, BaseDistribution] = {
    "width": IntDistribution(4, 64, log=True),
    "rate": FloatDistribution(1e-4, 1.0, log=True),
    "kind": CategoricalDistribution(["relu", None, 2, 0.5, True]),
}


def database(folder: Path) -> Moments:
    return open_storage(f"sqlite:///{folder / 'study.db'}")


def worker(folder: Path) -> Moments:
    open_storage(f"sqlite:///{folder / 'study.db'}").close()
    return open_storage(f"sqlite:///{folder / 'study.db'}", create=False, worker=True, serves=True)


def forwarded(folder: Path) -> Moments:
    return ForwardedStorage(Forwarder(database(folder)).answer)


def forwarded_from_memory(_: Path) -> Moments:
    return ForwardedStorage(Forwarder(InMemoryStorage()).answer)


def journal(folder: Path) -> Moments:
    return open_storage(f"journal:{folder / 'study.log'}")


EVERY = [database, worker, forwarded, forwarded_from_memory, journal]


@pytest.fixture(params=EVERY, ids=lambda made: made.__name__)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Moments:
    made: Moments = request.param(tmp_path)
    return made


def stored(storage: Moments) -> list[FrozenTrial]:
    """The trials of the study as they are stored."""
    if isinstance(storage, PatientStorage) and storage.address.file is not None:
        # What Optuna's journal gives out is what it knows itself, and a trial writes to that.
        storage = open_storage(storage.address.url)
    return optuna.load_study(study_name="s", storage=storage).get_trials()


def study_on(storage: BaseStorage) -> optuna.Study:
    return optuna.create_study(study_name="s", storage=storage)


@pytest.mark.parametrize("opened", [database, worker], ids=lambda made: made.__name__)
class TestOptunasSuite(StorageTestCase):
    @pytest.fixture
    def storage(self, opened: Callable[[Path], BaseStorage], tmp_path: Path) -> BaseStorage:
        return opened(tmp_path)

    def test_pickle_storage(self, storage: BaseStorage) -> None:
        """Its connections are this process's own: another opens the storage by its URL."""
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(storage)


def test_what_is_held_back_is_written_at_the_end(storage: Moments) -> None:
    study = study_on(storage)
    trial = study.ask(SPACE)
    with claims.together(trial):
        trial.set_user_attr("seed", 1)
        trial.set_user_attr("seed", 2)
        trial.set_constraint("shortfall", 0.25)
        for step, value in enumerate([0.5, math.inf, -math.inf]):
            trial.report(value, step)
        (before,) = stored(storage)
        assert before.user_attrs == {} and before.intermediate_values == {}
    (found,) = stored(storage)
    assert found.user_attrs == {"seed": 2} and found.constraints == {"shortfall": 0.25}
    assert found.intermediate_values == {0: 0.5, 1: math.inf, 2: -math.inf}
    with claims.together(trial):
        trial.report(math.nan, 3)
        trial.set_user_attr("seed", [3])
    (found,) = stored(storage)
    assert found.user_attrs == {"seed": [3]} and math.isnan(found.intermediate_values[3])


def test_another_thread_and_another_trial_are_written_to_at_once(storage: Moments) -> None:
    study = study_on(storage)
    mine, other = study.ask(), study.ask()
    with claims.together(mine):
        mine.set_user_attr("seed", 1)
        other.set_user_attr("seed", 2)
        beat = threading.Thread(target=mine.set_user_attr, args=("heartbeat", 7.0))
        beat.start()
        beat.join()
        assert [t.user_attrs for t in stored(storage)] == [{"heartbeat": 7.0}, {"seed": 2}]
    assert stored(storage)[0].user_attrs == {"heartbeat": 7.0, "seed": 1}


def test_an_error_leaves_nothing_written_and_nothing_held_back(storage: Moments) -> None:
    study = study_on(storage)
    trial = study.ask()
    with pytest.raises(ZeroDivisionError), claims.together(trial):
        trial.set_user_attr("seed", 1)
        raise ZeroDivisionError
    assert stored(storage)[0].user_attrs == {}
    trial.set_user_attr("seed", 2)
    assert stored(storage)[0].user_attrs == {"seed": 2}


def test_of_a_trial_that_another_worker_has_nothing_is_written(storage: Moments) -> None:
    study = study_on(storage)
    trial = study.ask()
    claims.claim(trial)
    with claims.together(trial, mine=True):
        trial.report(0.5, 1)
    another = {**stored(storage)[0].user_attrs[TrialKey.WORKER], "pid": -1}
    study._storage.set_trial_user_attr(id_of(trial), TrialKey.WORKER, another)
    with pytest.raises(TakenOverError), claims.together(trial, mine=True):
        trial.report(0.4, 2)
        trial.set_user_attr("seed", 1)
    assert stored(storage)[0].intermediate_values == {1: 0.5}
    assert stored(storage)[0].user_attrs.keys() == {TrialKey.WORKER, TrialKey.HEARTBEAT}


def test_a_trial_without_a_worker_is_nobodys(storage: Moments) -> None:
    trial = study_on(storage).ask()
    with pytest.raises(TakenOverError), claims.together(trial, mine=True):
        trial.report(0.5, 1)


def test_a_trial_that_has_ended_is_not_written_to(storage: Moments) -> None:
    study = study_on(storage)
    trial = study.ask()
    study.tell(trial.number, 1.0)
    with (
        pytest.raises(optuna.exceptions.UpdateFinishedTrialError),
        claims.together(trial),
    ):
        trial.set_user_attr("seed", 1)
    assert stored(storage)[0].user_attrs == {}


def test_of_a_trial_that_is_not_there_optunas_error_comes(storage: Moments) -> None:
    study_on(storage)
    for owner in (None, Owner(TrialKey.WORKER, "host", 1)):
        with pytest.raises(KeyError), storage.together(12_345, owner):
            storage.set_trial_user_attr(12_345, "seed", 1)


def same(found: list[FrozenTrial], wanted: list[FrozenTrial]) -> bool:
    """Whether trials are equal, where NaN is NaN and hyperparameters are in their order."""
    return [(repr(t), list(t.params)) for t in found] == [(repr(t), list(t.params)) for t in wanted]


def test_trials_are_read_as_optuna_reads_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = study_on(open_storage(url))
    fill(study)
    plain = optuna.load_study(study_name="s", storage=RDBStorage(url))
    assert {t.state for t in plain.trials} == set(TrialState)
    for storage in (open_storage(url), open_storage(url, create=False, worker=True)):
        read = optuna.load_study(study_name="s", storage=storage)
        for states in (None, (TrialState.RUNNING,), (TrialState.WAITING, TrialState.PRUNED)):
            assert same(read.get_trials(states=states), plain.get_trials(states=states))
        by_id = [storage.get_trial(id_of(t)) for t in plain.trials]
        assert same(by_id, plain.trials)


def fill(study: optuna.Study) -> None:
    """Trials of every state, with all that a trial can have."""
    study.enqueue_trial({"width": 8, "rate": 0.1}, user_attrs={"cell": {"x": 1}})
    first = study.ask(SPACE)
    first.report(math.nan, 1)
    first.report(0.25, 2)
    first.set_user_attr("history:0", [{"epoch": 1, "loss": 1e30, "accuracy": None}])
    first.set_constraint("gate", 0.5)
    for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
        trial = study.ask(SPACE)
        trial.report(0.5, 1)
        study.tell(trial, 1.0 if state == TrialState.COMPLETE else None, state=state)
    study.ask()
    study.enqueue_trial({"kind": None}, user_attrs={"of": "ä"})


@pytest.mark.parametrize("reader", [database, worker, forwarded], ids=lambda made: made.__name__)
def test_who_asks_for_what_waits_is_told_nothing_of_what_runs(
    reader: Callable[[Path], Moments], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_on(database(tmp_path))
    fill(study)
    storage = reader(tmp_path)
    read = optuna.load_study(study_name="s", storage=storage)
    assert len(read.get_trials()) == len(study.trials)
    asked: list[int] = []
    rows = TrialRows.read

    def counted(self: TrialRows, ids: Sequence[int]) -> list[FrozenTrial]:
        asked.extend(ids)
        return rows(self, ids)

    monkeypatch.setattr(TrialRows, "read", counted)
    waiting = read.get_trials(states=(TrialState.WAITING,))
    assert [t.state for t in waiting] == [TrialState.WAITING]
    assert asked == [id_of(t) for t in waiting]
    assert {t.state for t in read.get_trials(states=(TrialState.RUNNING, TrialState.FAIL))} == {
        TrialState.RUNNING,
        TrialState.FAIL,
    }
    assert same(read.get_trials(), study.get_trials())


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65, 500, 501, 20_000])
def test_statements_have_few_lengths_and_the_same_trials(count: int) -> None:
    ids = list(range(7, 7 + count))
    asked = few_lengths(ids)
    assert sorted(set(asked)) == ids
    assert len(asked) in ({1 << n for n in range(10)} | {501, 20_000})


def test_values_of_several_objectives_are_read_as_they_are(tmp_path: Path) -> None:
    study = optuna.create_study(
        storage=database(tmp_path), study_name="s", directions=["minimize", "maximize", "minimize"]
    )
    told = [[3.0, math.inf, -math.inf], [-math.inf, 0.0, 1e300]]
    for values in told:
        study.tell(study.ask(), values)
    read = optuna.load_study(study_name="s", storage=database(tmp_path))
    assert [t.values for t in read.trials] == told


def test_a_trial_that_ends_while_the_others_are_read_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = study_on(open_storage(url))
    trials = [study.ask(SPACE) for _ in range(3)]
    reader = open_storage(url)
    read = optuna.load_study(study_name="s", storage=reader)
    split = reader._ended.split  # type: ignore[union-attr]

    def ends(study_id: int) -> Any:
        found = split(study_id)
        study.tell(trials[1], 3.0)
        return found

    monkeypatch.setattr(reader._ended, "split", ends)
    found = read.get_trials()
    assert [t.state.name for t in found] == ["RUNNING", "COMPLETE", "RUNNING"]
    assert found[1].value == 3.0 and found[1].datetime_complete is not None
    monkeypatch.undo()
    assert same(read.get_trials(), study.get_trials())


@pytest.mark.parametrize("reader", [database, worker, forwarded], ids=lambda made: made.__name__)
def test_what_another_process_queued_is_trained(
    reader: Callable[[Path], Moments], tmp_path: Path
) -> None:
    study = study_on(database(tmp_path))
    other = optuna.load_study(study_name="s", storage=reader(tmp_path))
    study.enqueue_trial({"width": 8, "rate": 0.5, "kind": 2})
    assert len(other.get_trials()) == 1
    trial = other.ask()
    values = {name: trial._suggest(name, d) for name, d in SPACE.items()}
    other.tell(trial, 1.0)
    assert values == {"width": 8, "rate": 0.5, "kind": 2} == study.trials[0].params
    assert study.trials[0].value == 1.0


def test_a_connection_that_is_lost_while_ended_trials_are_read_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_on(database(tmp_path))
    trials = [study.ask() for _ in range(4)]
    reader = optuna.load_study(study_name="s", storage=database(tmp_path))
    study.tell(trials[3], 1.0)
    assert len(reader.get_trials()) == 4
    study.tell(trials[1], 2.0)
    broken = [True]

    read = TrialRows.read

    def loses(rows: TrialRows, ids: Sequence[int]) -> list[FrozenTrial]:
        if broken.pop():
            raise ConnectionLostError("lost")
        return read(rows, ids)

    monkeypatch.setattr(TrialRows, "read", loses)
    broken[:0] = [False] * 8
    assert [t.state.name for t in reader.get_trials()] == [
        *("RUNNING", "COMPLETE", "RUNNING", "COMPLETE")
    ]
    assert [t.number for t in reader.get_trials(states=(TrialState.COMPLETE,))] == [1, 3]


def test_a_study_that_another_process_deleted_is_gone(tmp_path: Path) -> None:
    study = study_on(database(tmp_path))
    for ends in (True, False):
        reader = optuna.load_study(study_name="s", storage=database(tmp_path))
        for _ in range(3):
            trial = study.ask()
            if ends:
                study.tell(trial, 1.0)
        assert len(reader.get_trials()) == 3
        optuna.delete_study(study_name="s", storage=database(tmp_path))
        with pytest.raises(KeyError):
            reader.get_trials()
        study = study_on(database(tmp_path))
        study.tell(study.ask(), 7.0)
        again = optuna.load_study(study_name="s", storage=reader._storage)
        assert [t.value for t in again.trials] == [7.0]
        optuna.delete_study(study_name="s", storage=database(tmp_path))
        study = study_on(database(tmp_path))


def test_a_damaged_attribute_of_a_study_is_the_storages_fault(tmp_path: Path) -> None:
    study = study_on(database(tmp_path))
    study.set_user_attr("name", "q10")
    with sqlite3.connect(tmp_path / "study.db") as connection:
        connection.execute("UPDATE study_user_attributes SET value_json = '{'")
    with pytest.raises(StorageError):
        _ = optuna.load_study(study_name="s", storage=database(tmp_path)).user_attrs


class Statements:
    """What goes to a storage's database."""

    def __init__(self, storage: PatientStorage) -> None:
        self.count = 0
        assert storage._engine is not None
        event.listen(storage._engine, "after_cursor_execute", self.executed)

    def executed(self, *_: Any) -> None:
        self.count += 1


def test_a_moments_looks_are_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    writer = study_on(open_storage(url))
    fill(writer)
    writer.set_user_attr("name", "q10")
    storage = open_storage(url)
    study = optuna.load_study(study_name="s", storage=storage)
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    study.get_trials(states=ended)
    seen = Statements(storage)
    with claims.steady(study):
        for _ in range(3):
            assert study.user_attrs == {"name": "q10"}
            assert len(study.get_trials(states=ended)) == 2
            assert len(study.get_trials(states=ended[:1])) == 1
        assert seen.count == 2
        trial = study.ask()
        study.tell(trial, 2.0)
        assert len(study.get_trials(states=ended)) == 2, "as at the first look"
        running = study.get_trials()[trial.number]
        assert running.state == TrialState.COMPLETE, "what ran is read anew"
        study.set_user_attr("name", "q4")
        assert study.user_attrs == {"name": "q4"}, "its own writes are seen"
    assert len(study.get_trials(states=ended)) == 3


def test_an_epochs_calls_are_two_where_another_process_makes_them() -> None:
    calls: list[bytes] = []
    forwarder = Forwarder(InMemoryStorage())

    def bring(parcel: bytes) -> bytes:
        calls.append(parcel)
        return forwarder.answer(parcel)

    study = study_on(ForwardedStorage(bring))
    for value in range(5):
        study.tell(study.ask(), value)
    trial = study.ask()
    claims.claim(trial)
    claims.incumbent(study)
    calls.clear()
    with claims.together(trial, mine=True):
        trial.set_user_attr("history:0", [])
        trial.report(0.5, 1)
    with claims.steady(study):
        claims.incumbent(study)
        claims.incumbent(study)
        assert len(study.get_trials(states=(TrialState.COMPLETE,))) == 5
    assert len(calls) == 2


def test_writes_are_not_held_back_twice(storage: Moments) -> None:
    trial = study_on(storage).ask()
    with (
        pytest.raises(RuntimeError, match="already"),
        claims.together(trial),
        claims.together(trial),
    ):
        pass
