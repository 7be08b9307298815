"""What a storage's URL says: which database or file, by which driver, and what is wrong with it."""

from __future__ import annotations

import difflib
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tuner.basics.secrets import masked, scrubbed
from tuner.errors import StorageError

JOURNAL = "journal:"
EXAMPLES = "sqlite:///file.db, postgresql://user:password@host/name or journal:file.log"

PORTS = 65_536
FILES = (".db", ".sqlite", ".sqlite3")
"""How files of SQLite databases end."""
DRIVE = re.compile(r"^[A-Za-z]:(?=[\\/]|$)")
"""How a path begins on Windows."""
DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql", "journal")
NICKNAMES = {
    "postgres": "postgresql",
    "pg": "postgresql",
    "psql": "postgresql",
    "pgsql": "postgresql",
}

PACKAGES = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "psycopg2cffi": "psycopg2cffi",
    "pg8000": "pg8000",
    "mysqldb": "PyMySQL and give mysql+pymysql://…",
    "pymysql": "PyMySQL",
    "mysqlconnector": "mysql-connector-python",
    "mariadbconnector": "mariadb",
    "oracledb": "oracledb",
    "cx_oracle": "cx_Oracle",
    "pyodbc": "pyodbc",
    "pymssql": "pymssql",
    "pysqlcipher": "sqlcipher3",
}
"""What to install for a driver that is missing."""

MODULES = {
    "postgresql": {"psycopg": "psycopg", "psycopg2": "psycopg2", "pg8000": "pg8000"},
    "mysql": {"pymysql": "pymysql", "mysqldb": "MySQLdb", "mysqlconnector": "mysql.connector"},
}
"""For a kind of database, the modules of the drivers that may be used instead of a missing one."""
MODULES["mariadb"] = MODULES["mysql"]


@dataclass(frozen=True)
class Address:
    """A storage's URL, understood."""

    url: str
    """As it was given."""
    parsed: URL | None
    """A database's; None for a journal file."""
    file: Path | None
    """Of an SQLite database or a journal; None where a server has the data."""

    @property
    def shown(self) -> str:
        """The URL without its secrets."""
        return masked(self.url)

    @property
    def dialect(self) -> str:
        """The kind of database, or ``journal``."""
        return "journal" if self.parsed is None else self.parsed.get_backend_name()


def file_url(file: PurePath) -> str:
    """The URL of an SQLite file, whatever characters its path has."""
    url = URL.create("sqlite", database=file.as_posix()).render_as_string(hide_password=False)
    # The colon of a drive needs no code, and people read it.
    return url.replace("%3A", ":", 1) if DRIVE.match(file.drive) else url


def address_of(url: str) -> Address:
    """Understands a storage's URL.

    Raises:
        StorageError: It is none, names no file, or its driver is not installed.
    """
    if url.startswith(JOURNAL):
        return Address(url, None, _journal(url))
    path = re.sub(r"^sqlite:/*", "", url)
    if DRIVE.match(path) and url.startswith("sqlite:") and url != f"sqlite:///{path}":
        raise _no_url(url, f"a file's path stands behind three slashes, sqlite:///{path}")
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return Address(url, parsed, _sqlite(url, parsed))
    return Address(url, parsed, None)


def _journal(url: str) -> Path:
    path = url.removeprefix(JOURNAL)
    if "://" in path:
        raise StorageError(
            f"{JOURNAL + masked(path)!r} is no storage URL: a journal's file follows the colon, "
            f"not another URL; give journal:file.log, or the URL without {JOURNAL}"
        )
    if path.startswith("//") or not path:
        name = path.lstrip("/") or "file.log"
        raise StorageError(
            f"{url!r} is no storage URL: a journal's file follows the colon; "
            f"give journal:{name}, or journal:/folder/{name}."
        )
    return Path(path)


def _parsed(url: str) -> URL:
    """The URL of a database for which there is a driver."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        why = f"it does not begin with a kind of database and ://{_meant(url)}"
        raise _no_url(url, why) from None
    except ValueError:
        raise _no_url(url, f"{_port(url)} is no port, which is a number{_encode(url)}") from None
    if parsed.port is not None and not 0 < parsed.port < PORTS:
        raise _no_url(url, f"{parsed.port} is no port, which is between 1 and {PORTS - 1}")
    try:
        dialect = parsed.get_dialect()
    except NoSuchModuleError:
        raise _no_url(url, _unknown(parsed)) from None
    if dialect.is_async:
        raise _no_url(
            url,
            f"the driver {dialect.driver} is asynchronous; give {_another(parsed)}",
            example=False,
        )
    try:
        dialect.import_dbapi()
    except ImportError as error:
        package = PACKAGES.get(dialect.driver, f"the package of the driver {dialect.driver!r}")
        # For some drivers another one is what to install.
        instead = "" if " give " in package else _another(parsed, installed=True)
        raise StorageError(
            f"storage {masked(url)!r} needs the driver {dialect.driver}, which is not installed; "
            f"install {package}{f', or give {instead}' if instead else ''}."
        ) from error
    return parsed


def _meant(url: str) -> str:
    """What may have been meant where a file was given without what kind it is."""
    path = re.sub(r"^sqlite3?:/*", "", url)
    if path.endswith(FILES) and not re.search(r"[:@?]", DRIVE.sub("", path)):
        return f"; did you mean sqlite:///{path}?"
    return ""


def _no_url(url: str, why: str, *, example: bool = True) -> StorageError:
    expected = f"; expected for example {EXAMPLES}" if example else ""
    return StorageError(f"{masked(url)!r} is no storage URL: {scrubbed(why, url)}{expected}.")


def _port(url: str) -> str:
    """What stands where a port should, where that cannot be a password without its host."""
    rest = url.rpartition("@")[2] if "@" in url else ""
    port = rest.partition("/")[0].partition("?")[0].rpartition(":")[2]
    return repr(port) if port else "what follows the host"


def _encode(url: str) -> str:
    return ", and @ : / ? # in a password are written %40 %3A %2F %3F %23" if "@" in url else ""


def _unknown(parsed: URL) -> str:
    name, _, driver = parsed.drivername.partition("+")
    if name in DIALECTS and driver:
        return f"no driver of {name} is called {driver!r}"
    near = NICKNAMES.get(name) or next(iter(difflib.get_close_matches(name, DIALECTS, n=1)), None)
    hint = "" if near is None else f"; did you mean {near}{':' if near == 'journal' else '://'}…?"
    return f"no kind of database is called {name!r}{hint}"


def _another(parsed: URL, *, installed: bool = False) -> str:
    """The beginning of a URL with a driver that can be used instead; empty where there is none."""
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return "" if installed else "sqlite:///…"
    for driver, module in MODULES.get(kind, {}).items():
        if not installed or importlib.util.find_spec(module.partition(".")[0]) is not None:
            return f"{kind}+{driver}://…"
    return "" if installed else f"{kind}://…"


def _sqlite(url: str, parsed: URL) -> Path:
    name = parsed.database or ""
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
        if name.startswith("///"):
            name = name[2:]
    if name in ("", ":memory:") or parsed.query.get("mode") == "memory":
        raise StorageError(
            f"{masked(url)!r} names no file, and a study lives in one that its workers share; "
            "give for example sqlite:///study.db."
        )
    return Path(name)
