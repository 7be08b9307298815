"""Opens the Optuna storage in which everything about a study lives."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import sqlite3
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from tuner.basics import environment
from tuner.errors import StorageError

SQLITE_TIMEOUT = 120
"""Seconds that a process waits for another's write to an SQLite file."""

TABLE_RACES = 5
"""How often to try again where several processes make the tables of a new storage at once."""

DRIVERS = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "mysqldb": "PyMySQL and give mysql+pymysql://…",
}
"""What to install for a storage whose driver is missing."""


def default_url(results: Path) -> str:
    """The URL of the SQLite file in a results folder."""
    return f"sqlite:///{results / 'tuner.db'}"


def chosen_url(storage: str | None, results: Path) -> str:
    """The storage that was given, else ``TUNER_STORAGE``, else the file in the results folder."""
    return storage or environment.storage_url() or default_url(results)


def mask(url: str) -> str:
    """The URL with its password hidden."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url


def prepare_results(results: Path) -> None:
    """Makes the results folder and proves that it can be written.

    Raises:
        StorageError: It cannot.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        probe = results / f".probe-{os.getpid()}"
        probe.write_bytes(b"0" * 65_536)
        probe.unlink()
    except OSError as error:
        raise StorageError(
            f"cannot write to the results folder {str(results)!r}: {error.strerror}; "
            "give another with --results or free some space."
        ) from error


def open_storage(url: str, *, create: bool = True, worker: bool = False) -> BaseStorage:
    """Opens a storage: any SQLAlchemy URL, or ``journal:FILE`` for Optuna's journal file.

    Args:
        url: Where.
        create: Whether an SQLite or journal file that does not exist may be made.
        worker: Whether trials will be asked for, so that no two processes may get the same one.

    Raises:
        StorageError: It cannot be reached, is not an Optuna storage, or does not exist.
    """
    file = _file_of(url)
    if file is not None and not create and not file.exists():
        raise StorageError(
            f"there are no results yet: {str(file)!r} does not exist; "
            "run 'tuner search' first or give --storage."
        )
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    with storage_errors(url), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if url.startswith("journal:"):
            backend = JournalFileBackend(url.removeprefix("journal:"))
            return optuna.storages.JournalStorage(backend)
        database = _open_database(url)
        if worker and url.startswith("sqlite"):
            _serialise(database)
        return database


def _serialise(database: RDBStorage) -> None:
    """Makes each transaction on an SQLite file exclusive from its first statement.

    Optuna takes a queued trial by reading its state and then writing it. Other databases lock the
    row in between; Python's SQLite driver begins the transaction only with the write, so that two
    workers could both find the trial waiting and both train it. The listeners are SQLAlchemy's own
    recipe for transactions that begin where they say.
    """
    engine = database.engine

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # connections made so far know nothing of this


def _open_database(url: str) -> RDBStorage:
    """Opens a database, also where another process is making its tables at this moment."""
    for _ in range(TABLE_RACES):
        try:
            return RDBStorage(url, engine_kwargs=_engine_options(url))
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            if not isinstance(error, IntegrityError) and "already exists" not in str(error):
                raise
        time.sleep(random.uniform(0.05, 0.3))
    return RDBStorage(url, engine_kwargs=_engine_options(url))


def _engine_options(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": SQLITE_TIMEOUT}}
    connect = {"connect_timeout": 10} if url.startswith(("postgresql", "mysql")) else {}
    return {"pool_pre_ping": True, "connect_args": connect}


def _file_of(url: str) -> Path | None:
    if url.startswith("journal:"):
        return Path(url.removeprefix("journal:"))
    with contextlib.suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            return Path(str(parsed.database))
    return None


@contextlib.contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turns a storage's many kinds of failure into one line.

    Raises:
        StorageError: The body failed to reach, read or write the storage.
    """
    try:
        yield
    except (ArgumentError, NoSuchModuleError) as error:
        raise StorageError(
            f"{mask(url)!r} is no storage URL: {_line(error)}; expected for example "
            "sqlite:///file.db, postgresql://user:password@host/name or journal:file.log."
        ) from error
    except (ImportError, ModuleNotFoundError) as error:
        driver = DRIVERS.get(make_url(url).get_driver_name(), "its Python driver")
        raise StorageError(
            f"storage {mask(url)!r} needs a driver that is not installed; install {driver}."
        ) from error
    except (
        SQLAlchemyError,
        sqlite3.Error,
        optuna.exceptions.StorageInternalError,
        OSError,
        RuntimeError,
    ) as error:
        raise StorageError(
            f"cannot use the storage {mask(url)!r}: {_line(error)}; "
            "check that it is reachable, writable and has space left."
        ) from error


def _line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error.__cause__ or error
    cause = getattr(cause, "orig", None) or cause
    return " ".join(str(cause).split())[:300].rstrip(".")
