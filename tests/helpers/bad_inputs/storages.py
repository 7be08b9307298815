"""Storages that cannot be opened, and verbs that have nothing to read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.helpers import images
from tests.helpers.bad_inputs.row import Row, text

SECRET = "hunter2"


def _database(*statements: str, name: str = "app.db") -> None:
    def make(folder: Path) -> Path:
        connection = sqlite3.connect(folder / name)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return folder / name

    return make


_SHOP = _database("CREATE TABLE orders (number INTEGER)", "INSERT INTO orders VALUES (1)")


def _with_toys(make=lambda folder: None):
    def both(folder: Path) -> None:
        images.write_npz(folder / "toys.npz")
        make(folder)

    return both


def _storage(name: str, url: str, *said: str, make=lambda folder: None) -> list[Row]:
    """What is wrong with a URL is said by a verb that reads and by one that writes."""
    reading = f"status q10 --storage {url}"
    writing = f"search q10 --data toys.npz --storage {url}"
    return [
        Row(f"{name}, read", reading, said, make),
        Row(f"{name}, written", writing, said, _with_toys(make)),
    ]


STORAGES = [
    *_storage("no dialect", "study.db", "'study.db' is no storage URL", "sqlite:///file.db"),
    *_storage("a mistyped dialect", "sqlit:///a.db", "'sqlit'", "did you mean sqlite://…?"),
    *_storage("postgres", "postgres://u@h/d", "'postgres'", "did you mean postgresql://…?"),
    *_storage("a server of keys", "redis://localhost/0", "'redis'", "expected for example"),
    *_storage("an unknown driver", "postgresql+nosuch://h/d", "'nosuch'", "expected for example"),
    *_storage(
        "a missing driver", "mysql://me@host/name", "needs the driver mysqldb", "mysql+pymysql"
    ),
    *_storage("another missing driver", "oracle+oracledb://h/d", "oracledb", "install oracledb"),
    *_storage("an asynchronous driver", "sqlite+aiosqlite:///a.db", "asynchronous", "sqlite:"),
    *_storage("a port in words", "postgresql://u@h:543x/d", "'543x' is no port"),
    *_storage("no file", "sqlite://", "names no file", "give for example sqlite:///study.db"),
    *_storage("memory", "sqlite:///:memory:", "names no file", "give for example sqlite:///"),
    *_storage(
        "a journal with slashes", "journal://x.log", "'journal://x.log'", "give journal:x.log"
    ),
    *_storage("no journal", "journal:", "'journal:'", "give journal:file.log"),
    *_storage("no folder", "sqlite:///no/such/a.db", "no/such", "give"),
    *_storage("no folder of a journal", "journal:no/such/x.log", "no/such", "give"),
    *_storage(
        "a text for a database",
        "sqlite:///notes.txt",
        "'sqlite:///notes.txt': file is not a database",
        "check that it is",
        make=text("notes.txt", "no database at all, but some text\n" * 99),
    ),
    *_storage(
        "a text for a journal",
        "journal:notes.txt",
        "'notes.txt' is no journal of Optuna's",
        "give another --storage",
        make=text("notes.txt", "some text\n"),
    ),
    *_storage(
        "a folder for a database", "sqlite:///sub", "'sub' is a folder", make=text("sub/x", "x")
    ),
    *_storage(
        "a folder for a journal",
        "journal:sub",
        "'sub' is a folder",
        "give",
        make=text("sub/x", "x"),
    ),
    *_storage(
        "another program's database",
        "sqlite:///app.db",
        "it holds the tables of another program (orders)",
        "give another --storage",
        make=_SHOP,
    ),
    *_storage("nobody listens", "postgresql://u@127.0.0.1:1/d", "Connection refused", "check that"),
    Row(
        "the environment's storage",
        "status q10",
        ("'redis'", "expected for example"),
        environment={"TUNER_STORAGE": f"redis://me:{SECRET}@host/0"},
    ),
    Row(
        "an empty database",
        "trials q10 --storage sqlite:///empty.db",
        ("empty.db", "it is empty", "run 'tuner search' with it first"),
        _database(name="empty.db"),
    ),
]
"""Of a password in any of them nothing is said."""

_READERS = (
    "status q10",
    "best q10",
    "trials q10",
    "certify q10",
    "export q10 --format keras",
    "report q10",
    "report",
    "report --lab",
    "dashboard --no-open --port 0",
)
NOTHING = [
    *(
        Row(f"{verb} of nothing", verb, ("there are no results yet", "run 'tuner search' first"))
        for verb in _READERS
    ),
    *(
        Row(
            f"{verb} of another program's",
            f"{verb} --storage sqlite:///app.db",
            ("another program (orders)", "give another --storage"),
            _SHOP,
        )
        for verb in _READERS
    ),
]
