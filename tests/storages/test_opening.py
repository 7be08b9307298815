from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import optuna
import psutil
import pytest
from sqlalchemy.exc import OperationalError

from tuner.basics.optuna_private import KnownTables, newest_tables
from tuner.errors import StorageError, UsageError
from tuner.records.keys import StudyKey
from tuner.storages.opening import default_url, let_go, open_storage
from tuner.storages.patience import Patience
from tuner.storages.patient import PatientStorage
from tuner.storages.results import prepare_results
from tuner.storages.studies import find_study, study_names
from tuner.storages.urls import address_of


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


def database_of_another(file: Path) -> str:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
        connection.commit()
    return f"sqlite:///{file}"


def test_reading_makes_no_table_in_what_is_another_programs(tmp_path: Path) -> None:
    url = database_of_another(tmp_path / "shop.db")
    before = (tmp_path / "shop.db").read_bytes()
    with pytest.raises(StorageError, match=r"tables of another program \(invoices\); run"):
        open_storage(url, create=False)
    assert (tmp_path / "shop.db").read_bytes() == before
    (tmp_path / "empty.db").touch()
    with pytest.raises(StorageError, match="it is empty; run 'tuner search'"):
        open_storage(f"sqlite:///{tmp_path / 'empty.db'}", create=False)
    assert (tmp_path / "empty.db").read_bytes() == b""
    for text in ("a line of another program\n", '{"level": "info"}\n', "[1]\n"):
        (tmp_path / "app.log").write_text(text)
        with pytest.raises(StorageError, match="is no journal of Optuna's"):
            open_storage(f"journal:{tmp_path / 'app.log'}", create=False)
        assert (tmp_path / "app.log").read_text() == text
    assert {p.name for p in tmp_path.iterdir()} == {"shop.db", "empty.db", "app.log"}


@pytest.mark.parametrize("name", ["a%20b", "a?b", "a#b", "a{b}", "a b", "a@b:c", "ä"])
def test_any_folder_may_hold_results(tmp_path: Path, name: str) -> None:
    results = tmp_path / name
    prepare_results(results)
    made(open_storage(default_url(results)), "q4")
    assert [p.name for p in results.iterdir()] == ["tuner.db"]
    assert study_names(open_storage(default_url(results), create=False, worker=True)) == ["q4"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/s.db", f"journal:{tmp_path}/no/s.log"):
        with pytest.raises(StorageError, match=r"there is no folder '.*no'; make it"):
            open_storage(url)


class Full(optuna.storages.InMemoryStorage):
    """A storage without space."""

    def set_study_user_attr(self, study_id: int, key: str, value: object) -> None:
        raise OperationalError("INSERT ...", {}, Exception("database or disk is full"))


def patient(inner: optuna.storages.BaseStorage) -> PatientStorage:
    return PatientStorage(inner, address_of("sqlite:///x"), Patience())


def test_a_full_disk_is_one_line() -> None:
    study = optuna.create_study(storage=patient(Full()))
    with pytest.raises(StorageError, match="database or disk is full; check"):
        study.set_user_attr("a", 1)


def test_only_what_comes_out_of_the_storage_is_the_storages() -> None:
    """Whoever uses it may meet any error of its own, and answers are no errors of the storage."""
    study = optuna.create_study(storage=patient(optuna.storages.InMemoryStorage()))

    def objective(trial: optuna.Trial) -> float:
        raise FileNotFoundError(2, "No such file", "weights.h5")

    with pytest.raises(FileNotFoundError, match=r"weights\.h5"):
        study.optimize(objective, n_trials=1)
    with pytest.raises(KeyError):
        optuna.load_study(study_name="none", storage=patient(optuna.storages.InMemoryStorage()))
    trial = study.ask()
    study.tell(trial, 1.0)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        trial.set_user_attr("a", 1)


def test_a_file_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}?timeout=0.1"
    said: list[str] = []
    storage = open_storage(url, worker=True, patience=Patience(said.append))
    study = optuna.create_study(storage=storage, study_name="q4")
    holder = sqlite3.connect(tmp_path / "s.db", check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(2.0, holder.rollback)
    release.start()
    study.set_user_attr("a", 1)
    open_storage(url, create=False, patience=Patience(said.append)).close()
    release.join()
    holder.close()
    (line,) = said
    assert "is busy: database is locked; waiting up to 120 s" in line
    assert study.user_attrs == {"a": 1}
    storage.close()


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


def test_reading_asks_for_no_migrations(tmp_path: Path) -> None:
    """Importing Alembic costs a command that only reads half its time."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    made(open_storage(url), "q4")
    code = (
        "import sys; from tuner.storages.opening import open_storage;"
        "from tuner.storages.studies import find_study;"
        f"find_study('q4', open_storage({url!r}, create=False)).get_trials();"
        "print('alembic' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "True"]


def test_a_file_is_read_as_optuna_would_read_it(tmp_path: Path) -> None:
    """Every attribute that Optuna gives a database is there, and the newest tables are known."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    whole = optuna.storages.RDBStorage(url)
    assert newest_tables() == whole.get_head_version() == whole.get_current_version()
    known = KnownTables(url, {})
    assert vars(known).keys() == vars(whole).keys()
    study = optuna.create_study(storage=known, study_name="q4")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert [t.params for t in optuna.load_study(study_name="q4", storage=whole).trials] == [
        t.params for t in study.trials
    ]
    copy = pickle.loads(pickle.dumps(known))
    assert [s.study_name for s in copy.get_all_studies()] == ["q4"]


@pytest.mark.parametrize("version", ["v3.0.0.d", "v99.0.0.a"])
def test_tables_of_another_optuna_are_refused(tmp_path: Path, version: str) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    made(open_storage(url), "q4")
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()
    with pytest.raises(StorageError, match="no longer compatible with the table schema"):
        open_storage(url, create=False)


def test_connections_that_nobody_uses_are_closed(tmp_path: Path) -> None:
    """Windows removes no file that is open, and a notebook's process lives on."""
    file = tmp_path / "s.db"
    storage = open_storage(f"sqlite:///{file}")
    made(storage, "q4")
    study = find_study("q4", storage)

    def is_open() -> bool:
        return str(file) in {opened.path for opened in psutil.Process().open_files()}

    assert is_open()
    let_go()
    assert not is_open()
    study.set_user_attr("a", 1)  # it is opened again
    assert study.user_attrs["a"] == 1
    let_go()
    assert not is_open()


def mode_of(storage: PatientStorage) -> str:
    assert storage._engine is not None
    with storage._engine.connect() as connection:
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def test_who_serves_many_workers_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    assert mode_of(open_storage(url, worker=True)) == "delete"
    serving = open_storage(url, create=False, worker=True, serves=True)
    assert mode_of(serving) == "wal"
    study = optuna.create_study(study_name="s", storage=serving)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    for worker in (False, True):  # also while it is open, and after
        read = optuna.load_study(
            study_name="s", storage=open_storage(url, create=False, worker=worker)
        )
        assert len(read.trials) == 3
        serving.close()


def test_a_file_on_a_networks_disk_is_written_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.storages.opening.kind_of", lambda _: "nfs4")
    url = f"sqlite:///{tmp_path / 'study.db'}"
    assert mode_of(open_storage(url, worker=True, serves=True)) == "delete"
