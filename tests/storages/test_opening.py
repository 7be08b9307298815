from __future__ import annotations

import multiprocessing
from pathlib import Path

import optuna
import pytest
from sqlalchemy.exc import OperationalError

from tuner.errors import StorageError, UsageError
from tuner.records.keys import StudyKey
from tuner.storages.opening import mask, open_storage, storage_errors
from tuner.storages.studies import find_study, study_names


def made(storage: optuna.storages.BaseStorage, *names: str) -> None:
    for name in names:
        study = optuna.create_study(storage=storage, study_name=name)
        study.set_user_attr(StudyKey.SCHEMA, 1)


def test_a_study_is_found_by_its_name_and_by_what_stands_before_the_at(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite:///{tmp_path / 's.db'}")
    optuna.create_study(storage=storage, study_name="somebody else's")
    made(storage, "q10@shapes10", "q4@a", "q4@b", "q2", "q2@a")
    assert study_names(storage) == ["q10@shapes10", "q4@a", "q4@b", "q2", "q2@a"]
    assert find_study("q10", storage).study_name == "q10@shapes10"
    assert find_study("q2", storage).study_name == "q2"
    with pytest.raises(UsageError, match="q4@a, q4@b; name one in full"):
        find_study("q4", storage)
    with pytest.raises(UsageError, match="did you mean 'q10@shapes10'"):
        find_study("q10@shapes", storage)


def test_an_empty_storage_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the storage is empty"):
        find_study("q4", open_storage(f"sqlite:///{tmp_path / 's.db'}"))


def test_reading_makes_no_file(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path / 's.db'}", f"journal:{tmp_path / 's.log'}"):
        with pytest.raises(StorageError, match="there are no results yet"):
            open_storage(url, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_file_is_a_storage(tmp_path: Path) -> None:
    url = f"journal:{tmp_path / 's.log'}"
    made(open_storage(url), "q4")
    assert study_names(open_storage(url, create=False)) == ["q4"]


@pytest.mark.parametrize("url", ["what", "nosuch://here", "postgresql://me:secret@127.0.0.1:1/x"])
def test_a_url_that_is_none_is_one_line_without_its_password(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        open_storage(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_is_masked_and_a_journal_left_as_it_is() -> None:
    assert mask("mysql://me:secret@host/x") == "mysql://me:***@host/x"
    assert mask("journal:a/b.log") == "journal:a/b.log"


def test_a_full_disk_is_one_line() -> None:
    full = OperationalError("INSERT ...", {}, Exception("database or disk is full"))
    with (
        pytest.raises(StorageError, match="database or disk is full; check"),
        storage_errors("sqlite:///x"),
    ):
        raise full


def _open(job: tuple[str, str]) -> None:
    url, name = job
    made(open_storage(url), name)


@pytest.mark.slow
def test_many_processes_may_make_the_same_file_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    names = [f"q{i}" for i in range(6)]
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(_open, [(url, name) for name in names], chunksize=1)
    assert sorted(study_names(open_storage(url, create=False))) == names


def _ask(url: str) -> list[int]:
    study = optuna.load_study(study_name="q4", storage=open_storage(url, worker=True))
    return [study.ask().number for _ in range(15)]


@pytest.mark.slow
def test_no_two_workers_are_given_the_same_queued_trial(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    study = optuna.create_study(storage=open_storage(url), study_name="q4")
    for x in range(60):
        study.enqueue_trial({"x": x})
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        taken = [n for numbers in pool.map(_ask, [url] * 4, chunksize=1) for n in numbers]
    assert sorted(taken) == list(range(60))
