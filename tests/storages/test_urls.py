from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath

import pytest

from tuner.errors import StorageError
from tuner.storages.urls import Address, address_of, file_url

BAD = {
    "what": "does not begin with a kind of database",
    "study.db": "does not begin with a kind of database",
    "postgresql:/me:secret@host/x": "does not begin with a kind of database",
    "sqlite//study.db": "does not begin with a kind of database",
    "": "does not begin with a kind of database",
    "postgresql://me:secret@localhost:5543x/db": "'5543x' is no port, which is a number",
    "postgresql://localhost:5543x/db": "what follows the host is no port, which is a number",
    "postgresql://me:secret/db": "what follows the host is no port",
    "mysql+pymysql://me:sec:ret@host:a/db": "'a' is no port.*are written %40",
    "sqlite://": "names no file, and a study lives in one",
    "sqlite:///": "names no file, and a study lives in one",
    "sqlite:///:memory:": "names no file, and a study lives in one",
    "sqlite:///file::memory:?cache=shared&uri=true": "names no file",
    "sqlite:///file:x?mode=memory&uri=true": "names no file",
    "postgres://me:secret@host/db": r"did you mean postgresql://…\?",
    "psql://me:secret@host/db": r"did you mean postgresql://…\?",
    "postgressql://host/db": r"did you mean postgresql://…\?",
    "mariad://host/db": r"did you mean mariadb://…\?",
    "journall://file": r"did you mean journal:…\?",
    "nosuch://here": "no kind of database is called 'nosuch'; expected",
    "redis://me:secret@host": "no kind of database is called 'redis'",
    "postgresql+nosuch://me:secret@host/db": "no driver of postgresql is called 'nosuch'",
    "sqlite+nosuch:///x.db": "no driver of sqlite is called 'nosuch'",
    "sqlite+aiosqlite:///x.db": "aiosqlite is asynchronous; give sqlite:///",
    "postgresql+asyncpg://me:secret@host/db": "asyncpg is asynchronous; give postgresql",
    "mysql+aiomysql://me:secret@host/db": "aiomysql is asynchronous; give mysql",
    "journal://x.log": "give journal:x.log, or journal:/folder/x.log",
    "journal:///tmp/x.log": "give journal:tmp/x.log, or journal:/folder/tmp/x.log",
    "journal:": "a journal's file follows the colon",
    "journal:postgresql://me:secret@host/x": "a journal's file follows the colon, not another URL",
    "journal:redis://:secret@host": "or the URL without journal:",
    "postgresql://me:secret@host:99999/x": "99999 is no port, which is between 1 and 65535",
    "mysql+pymysql://me:secret@host:-1/x": "-1 is no port",
    "results/study.db": "did you mean sqlite:///results/study.db",
    "sqlite:study.db": "did you mean sqlite:///study.db",
    "sqlite:/study.db": "did you mean sqlite:///study.db",
    "C:\\me\\study.db": r"did you mean sqlite:///C:\\me\\study.db\?",
    "D:/me/study.db": "did you mean sqlite:///D:/me/study.db",
    "sqlite:C:\\me\\study.db": r"stands behind three slashes, sqlite:///C:\\me\\study.db",
    "sqlite://C:/study.db": "stands behind three slashes, sqlite:///C:/study.db",
    "sqlite:////C:/study.db": "stands behind three slashes, sqlite:///C:/study.db",
}


@pytest.mark.parametrize(("url", "why"), BAD.items(), ids=list(BAD))
def test_what_is_no_storage_url_is_one_line_that_says_why(url: str, why: str) -> None:
    with pytest.raises(StorageError, match=why) as caught:
        address_of(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "sec:ret" not in str(caught.value)


DRIVERS = {
    "postgresql+psycopg": ("psycopg", r"'psycopg\[binary\]'"),
    "postgresql+psycopg2": ("psycopg2", "psycopg2-binary"),
    "postgresql+pg8000": ("pg8000", "pg8000"),
    "mysql": ("MySQLdb", r"PyMySQL and give mysql\+pymysql://"),
    "mysql+mysqldb": ("MySQLdb", "PyMySQL"),
    "mysql+pymysql": ("pymysql", "PyMySQL"),
    "mysql+mysqlconnector": ("mysql", "mysql-connector-python"),
    "mariadb+mariadbconnector": ("mariadb", "mariadb"),
    "mariadb+pymysql": ("pymysql", "PyMySQL"),
    "oracle+oracledb": ("oracledb", "oracledb"),
    "oracle+cx_oracle": ("cx_Oracle", "cx_Oracle"),
    "mssql+pyodbc": ("pyodbc", "pyodbc"),
    "mssql+pymssql": ("pymssql", "pymssql"),
}


@pytest.mark.parametrize(("kind", "missing"), DRIVERS.items(), ids=list(DRIVERS))
def test_a_missing_driver_is_named(
    kind: str, missing: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, package = missing
    for name in [n for n in sys.modules if n.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StorageError, match=f"which is not installed; install {package}") as caught:
        address_of(f"{kind}://me:secret@host/db")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///a/b.db", Path("a/b.db")),
        ("sqlite:////a/b.db", Path("/a/b.db")),
        ("sqlite:///a%20b.db", Path("a b.db")),
        ("sqlite:///file:/a/b.db?mode=ro&uri=true", Path("/a/b.db")),
        ("sqlite+pysqlite:///b.db?timeout=3", Path("b.db")),
        ("journal:a/b.log", Path("a/b.log")),
        ("journal:/a/b.log", Path("/a/b.log")),
    ],
)
def test_the_file_of_a_storage_is_known(url: str, file: Path) -> None:
    found = address_of(url)
    assert isinstance(found, Address)
    assert found.file == file


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///C:\\me\\my files\\t.db",
        "sqlite:///C:/me/50%/t.db",
        "journal:C:\\me\\study.log",
        "journal:C:/me/study.log",
    ],
)
def test_a_path_of_windows_is_taken_as_it_is(url: str) -> None:
    assert str(address_of(url).file) == url.removeprefix("sqlite:///").removeprefix("journal:")
    assert address_of(url).shown == url


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("C:\\Users\\me\\my files\\tuner.db", "sqlite:///C:/Users/me/my files/tuner.db"),
        ("C:\\a{b}\\me@home\\50%\\t.db", None),
        ("\\\\server\\share\\tuner.db", None),
    ],
)
def test_the_url_of_a_path_of_windows(path: str, shown: str | None) -> None:
    url = file_url(PureWindowsPath(path))
    assert shown in (None, url)
    assert PureWindowsPath(str(address_of(url).file)) == PureWindowsPath(path)
    parsed = address_of(url).parsed
    assert parsed is not None and PureWindowsPath(parsed.database or "") == PureWindowsPath(path)
