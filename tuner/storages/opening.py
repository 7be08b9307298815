"""Opens the Optuna storage in which everything about a study lives."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import sqlite3
import time
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from tuner.basics import environment
from tuner.basics.optuna_private import KnownTables, newest_tables, with_cache
from tuner.errors import StorageError
from tuner.storages.failures import (
    is_lost,
    ping_idle_connections,
    storage_error,
    watch_connection,
)
from tuner.storages.idle_transactions import bound_transactions
from tuner.storages.journal import open_journal
from tuner.storages.network_files import NETWORK, kind_of
from tuner.storages.patience import Patience
from tuner.storages.patient import PatientStorage, away
from tuner.storages.urls import Address, address_of, file_url

SQLITE_TIMEOUT = 10
"""Seconds that a process waits for another's write to an SQLite file before it says so."""

TABLE_RACES = 5
"""How often to try again where several processes make the tables of a new storage at once."""

VERSIONS = "alembic_version"
TABLES = frozenset({"studies", "trials", "version_info", VERSIONS})
"""Of those that Optuna makes: a database without them holds no studies."""

SHOWN_TABLES = 3

JOURNAL_LINE = 65_536
"""Bytes of a journal's first line that are looked at."""

START = "run 'tuner search' with it first, or give another --storage"

CONNECT_SECONDS = 10
SILENT_SECONDS = 60
"""A server that says nothing for so long, though it was asked, is taken for unreachable."""

_LIBPQ: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 4,
    "tcp_user_timeout": 1000 * SILENT_SECONDS,
}
CONNECT_OPTIONS: dict[str, dict[str, Any]] = {
    "psycopg": _LIBPQ,
    "psycopg2": _LIBPQ,
    "pg8000": {"timeout": CONNECT_SECONDS},
    "pymysql": {"connect_timeout": CONNECT_SECONDS, "read_timeout": 2 * SILENT_SECONDS},
    "mysqldb": {"connect_timeout": CONNECT_SECONDS, "read_timeout": 2 * SILENT_SECONDS},
    "mysqlconnector": {"connection_timeout": CONNECT_SECONDS},
    "pysqlite": {"timeout": SQLITE_TIMEOUT},
}
"""How long each driver waits, in its own words; a URL's query has the last one."""

_OPENED: weakref.WeakSet[Engine] = weakref.WeakSet()
"""Databases that this process has opened."""


def default_url(results: Path) -> str:
    """The URL of the SQLite file in a results folder."""
    return file_url(results / "tuner.db")


def chosen_url(storage: str | None, results: Path) -> str:
    """The storage that was given, else ``TUNER_STORAGE``, else the file in the results folder.

    Raises:
        StorageError: What was given is empty, as a shell's variable is that nobody has set.
    """
    if storage is not None and not storage.strip():
        raise StorageError(
            "--storage is empty; give a URL such as sqlite:///study.db, or leave the option out."
        )
    return storage or environment.storage_url() or default_url(results)


def open_storage(
    url: str,
    *,
    create: bool = True,
    worker: bool = False,
    serves: bool = False,
    patience: Patience | None = None,
) -> PatientStorage:
    """Opens a storage: any SQLAlchemy URL, or ``journal:FILE`` for Optuna's journal file.

    Args:
        url: Where.
        create: Whether a file or tables that do not exist may be made.
        worker: Whether trials will be asked for, so that no two processes may get the same one;
            a server that is away is then waited for from the beginning.
        serves: Whether this process makes the calls of many workers: an SQLite file is then written
            to without waiting for the disk each time.
        patience: How long to wait for a server that is away, and who is told.

    Raises:
        StorageError: It cannot be reached, is not an Optuna storage, or does not exist.
    """
    address = address_of(url)
    patience = patience or Patience()
    _check_file(address, create)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    failed, began = 0, time.monotonic()
    while True:
        try:
            opened = _opened(address, create, worker, serves, patience)
            patience.over()
            return opened
        except StorageError:
            raise
        except Exception as error:
            if address.parsed is None or not is_lost(error, address.parsed):
                raise storage_error(url, error) from error
            failed += 1
            waited = time.monotonic() - began
            # Somebody who has just typed a command may have mistyped its server.
            waits = worker or address.file is not None
            if not waits or not patience.wait(failed, waited, away(address, error)):
                raise storage_error(url, error, waited) from error


def let_go() -> None:
    """Closes connections that nobody uses: Windows removes no SQLite file that is open.

    Whoever asks one of these storages again has a new connection.
    """
    for engine in list(_OPENED):
        engine.dispose()


def _check_file(address: Address, create: bool) -> None:
    file = address.file
    if file is None:
        return
    if file.is_dir():
        raise StorageError(
            f"cannot use the storage {address.shown!r}: {str(file)!r} is a folder; "
            "give the path of a file in it."
        )
    if file.exists():
        return
    if not create:
        raise StorageError(
            f"there are no results yet: {str(file)!r} does not exist; "
            "run 'tuner search' first or give --storage."
        )
    if not file.parent.is_dir():
        raise StorageError(
            f"cannot make the storage {address.shown!r}: there is no folder {str(file.parent)!r}; "
            "make it, or give another --storage."
        )


def _journal(address: Address) -> BaseStorage:
    assert address.file is not None
    no_journal = f"{str(address.file)!r} is no journal of Optuna's; {START}."
    if not _may_be_journal(address.file):
        raise StorageError(no_journal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return open_journal(address.file)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(no_journal) from error


def _may_be_journal(file: Path) -> bool:
    """Whether a file is new or begins as a journal does, so that nothing is added to another's."""
    if not file.exists():
        return True
    with file.open("rb") as opened:
        first = opened.readline(JOURNAL_LINE)
    if not first or len(first) == JOURNAL_LINE:
        return True
    try:
        return "op_code" in json.loads(first)
    except (ValueError, TypeError):
        return False


def _opened(
    address: Address, create: bool, worker: bool, serves: bool, patience: Patience
) -> PatientStorage:
    if address.parsed is None:
        return PatientStorage(_journal(address), address, patience)
    options = _engine_options(address.parsed)
    version = None
    if not create:
        version = _version_of_tables(address, options)
    elif address.file is not None and address.file.exists():
        _refuse_others(address, options)
    if address.dialect == "sqlite" and version is not None and version == newest_tables():
        database: RDBStorage = KnownTables(_text(address.parsed), options)
    else:
        database = _open_database(address.parsed, options, create)
    _OPENED.add(database.engine)
    watch_connection(database.engine)
    if address.file is None:
        ping_idle_connections(database.engine)
        bound_transactions(database.engine)
    if worker and address.dialect == "sqlite":
        _serialise(database.engine)
        if serves and address.file is not None and kind_of(address.file) not in NETWORK:
            _write_ahead(database.engine)
    return PatientStorage(with_cache(database), address, patience, database.engine)


def _version_of_tables(address: Address, options: dict[str, Any]) -> str | None:
    """Which of Optuna's versions a database's tables are of, without making any.

    Returns:
        The version; None where none is noted.

    Raises:
        StorageError: The database holds no studies.
    """
    assert address.parsed is not None
    with _connection(address, options) as connection:
        seen = inspect(connection)
        if all(seen.has_table(name) for name in TABLES):
            return connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()
        others = sorted(seen.get_table_names())
    holds = _of_another_program(others) if others else "it is empty"
    raise StorageError(f"there are no results in the storage {address.shown!r}: {holds}; {START}.")


def _refuse_others(address: Address, options: dict[str, Any]) -> None:
    """Makes no tables in the file of another program; on a server several may share a database.

    Raises:
        StorageError: It is one.
    """
    with _connection(address, options) as connection:
        found = inspect(connection).get_table_names()
    if found and not TABLES.intersection(found):
        raise StorageError(
            f"cannot make the storage {address.shown!r}: {_of_another_program(sorted(found))}; "
            "give another --storage."
        )


@contextlib.contextmanager
def _connection(address: Address, options: dict[str, Any]) -> Iterator[Connection]:
    assert address.parsed is not None
    engine = create_engine(address.parsed, **options)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _of_another_program(tables: list[str]) -> str:
    more = ", …" if len(tables) > SHOWN_TABLES else ""
    return f"it holds the tables of another program ({', '.join(tables[:SHOWN_TABLES])}{more})"


def _serialise(engine: Engine) -> None:
    """Makes each transaction on an SQLite file exclusive from its first statement.

    Optuna takes a queued trial by reading its state and then writing it. Other databases lock the
    row in between; Python's SQLite driver begins the transaction only with the write, so that two
    workers could both find the trial waiting and both train it. The listeners are SQLAlchemy's own
    recipe for transactions that begin where they say.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.dispose()  # connections made so far know nothing of this


def _write_ahead(engine: Engine) -> None:
    """Lets an SQLite file be written to without waiting for the disk each time.

    Each of a study's small writes waits for it twice otherwise, 20 ms where it is slow, and all
    workers wait behind one another. With the log written ahead a crash of the program loses
    nothing, one of the machine perhaps the last writes, and neither damages the file.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _: object) -> None:
        with contextlib.suppress(sqlite3.OperationalError):  # another process holds it: as it was
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")


def _open_database(parsed: URL, options: dict[str, Any], create: bool) -> RDBStorage:
    """Opens a database, also where another process is making its tables at this moment."""
    url = _text(parsed)
    for _ in range(TABLE_RACES):
        try:
            return RDBStorage(url, engine_kwargs=options, skip_table_creation=not create)
        except (OperationalError, ProgrammingError, IntegrityError) as error:
            if not isinstance(error, IntegrityError) and "already exists" not in str(error):
                raise
        time.sleep(random.uniform(0.05, 0.3))
    return RDBStorage(url, engine_kwargs=options, skip_table_creation=not create)


def _text(parsed: URL) -> str:
    # Optuna fills in a template in the URL: with the braces written %7B there is none.
    return parsed.render_as_string(hide_password=False)


def _engine_options(parsed: URL) -> dict[str, Any]:
    known = CONNECT_OPTIONS.get(parsed.get_driver_name(), {})
    connect = {key: value for key, value in known.items() if key not in parsed.query}
    return {"connect_args": connect}
