"""Which errors are a storage's, which of them pass by themselves, and how each is told."""

from __future__ import annotations

import json
import math
import socket
import sqlite3
import time

import optuna
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from tuner.basics.secrets import masked, scrubbed
from tuner.errors import StorageError

OF_STORAGES = (
    SQLAlchemyError,
    sqlite3.Error,
    optuna.exceptions.StorageInternalError,
    json.JSONDecodeError,
    OSError,
    RuntimeError,
)
"""What a storage's own calls raise where it cannot be reached, read or written."""

PASSING_STATES = frozenset({"57P01", "57P02", "57P03", "53300", "25P03"})
"""PostgreSQL's states of a server that stops, starts, has too many connections, or has taken back a
transaction that nobody went on with."""
PASSING_CODES = frozenset({1040, 1053, 1927, 2002, 2003, 2006, 2013, 2055, 4031})
"""MySQL's and MariaDB's numbers for the same."""
PASSING_WORDS = (
    "starting up",
    "shutting down",
    "in recovery mode",
    "not accepting connections",
    "not yet accepting connections",
    "too many clients",
)
"""Of servers whose driver hands on the text alone."""

DENIED_STATE, DENIED_CODES = "42501", frozenset({1044, 1142, 1143, 1227, 1370})
"""PostgreSQL's state, MySQL's and MariaDB's numbers of a user who may not do what was asked."""

USED = "used"
IDLE_SECONDS = 5.0
"""After so long without a use a connection is asked whether it still is one."""

LOCKED = "is locked"
"""In SQLite's words: another process writes to the file."""

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}


class ConnectionLostError(Exception):
    """A database cannot be used at the moment; what was begun may have been done."""


def is_of_storage(error: BaseException) -> bool:
    """Whether an error that came out of a storage's call says that the storage has failed.

    The others are answers: that there is no such study, that a trial has ended.
    """
    if isinstance(error, optuna.exceptions.OptunaError):
        return isinstance(error, optuna.exceptions.StorageInternalError)
    return isinstance(error, (*OF_STORAGES, ConnectionLostError))


def storage_error(url: str, error: BaseException, waited: float = 0.0) -> StorageError:
    """The one line for a storage that has failed.

    Args:
        url: The storage's.
        error: What one of its calls raised.
        waited: Seconds for which it was tried again.
    """
    if is_denied(error):
        said = cause(url, error).partition(" LINE 1:")[0]
        return StorageError(
            f"the user of the storage {masked(url)!r} lacks a right: {said}; let it SELECT, "
            "INSERT, UPDATE and DELETE in all tables and, before there are any, CREATE them."
        )
    how_long = f" for {waited:.0f} s" if waited >= 1 else ""
    return StorageError(
        f"cannot use the storage {masked(url)!r}{how_long}: {cause(url, error)}; "
        "check that it is reachable, writable and has space left."
    )


def is_denied(error: BaseException) -> bool:
    """Whether the database's user may not do what was asked."""
    error = _first(error)
    state = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    return state == DENIED_STATE or (error.args[0] if error.args else None) in DENIED_CODES


def cause(url: str, error: BaseException) -> str:
    """What a driver says, one line without the secrets of the URL."""
    error = _first(error)
    text = str(error) or type(error).__name__
    return scrubbed(" ".join(text.split())[:300].rstrip("."), url)


def _first(error: BaseException) -> BaseException:
    """The driver's own error, under those that were raised of it."""
    known: set[int] = set()
    while id(error) not in known:
        known.add(id(error))
        error = getattr(error, "orig", None) or error.__cause__ or error
    return error


def watch_connection(engine: Engine) -> None:
    """Tells a lost connection from all other errors, before Optuna takes it for a deadlock."""

    @event.listens_for(engine, "handle_error")
    def handle(context: ExceptionContext) -> None:
        error, connecting = context.original_exception, context.connection is None
        if context.is_pre_ping:
            return
        if context.is_disconnect or passes(error, engine.url, connecting=connecting):
            raise ConnectionLostError(str(error))


def ping_idle_connections(engine: Engine) -> None:
    """Asks a connection that has been idle whether it still is one, and opens another if not.

    SQLAlchemy's own switch for it asks before every use, which is a round trip more for each of the
    calls of a worker that has just made another.
    """

    @event.listens_for(engine, "checkin")
    def returned(_: object, record: ConnectionPoolEntry) -> None:
        record.info[USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - record.info.get(USED, math.inf) < IDLE_SECONDS:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except Exception as error:
            raise DisconnectionError from error
        if not alive:
            raise DisconnectionError


def is_lost(error: BaseException, parsed: URL) -> bool:
    """Whether what SQLAlchemy, or Optuna upon it, has raised says that a connection was lost."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, DBAPIError) and found.orig is not None:
            connecting = found.statement is None
            return found.connection_invalidated or passes(found.orig, parsed, connecting=connecting)
        found = found.__cause__
    return False


def passes(error: BaseException, parsed: URL, *, connecting: bool) -> bool:
    """Whether an error ends by itself: a server restarts, another process holds the file.

    Args:
        error: The driver's.
        parsed: The database's URL.
        connecting: Whether there was no connection yet.
    """
    if parsed.get_backend_name() == "sqlite":
        return LOCKED in str(error)
    state = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    code = error.args[0] if error.args else None
    if state in PASSING_STATES or state.startswith("08") or code in PASSING_CODES:
        return True
    if any(words in str(error) for words in PASSING_WORDS):
        return True
    # Other drivers' texts are in the language of the system: whether it answers is seen directly.
    return connecting and not _answers(parsed)


def _answers(parsed: URL) -> bool:
    """Whether something listens where the server should."""
    port = parsed.port or PORTS.get(parsed.get_backend_name())
    if parsed.host is None or port is None or parsed.host.startswith("/"):
        return True  # a socket's file, or a name that only the driver knows
    try:
        socket.create_connection((parsed.host, port), timeout=5).close()
    except OSError:
        return False
    return True
