"""Database servers of a test's own: PostgreSQL and MariaDB, where their programs are installed."""

from __future__ import annotations

import contextlib
import gc
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuner.storages.opening import let_go

PASSWORD = "open/sesame@door"
"""With letters that a URL must have encoded."""
ENCODED = "open%2Fsesame%40door"
USER = "tester"
START_SECONDS = 60
POSTGRES_PROGRAMS = Path("/usr/lib/postgresql")


class Server:
    """A server that can be stopped and started again.

    Attributes:
        url: Of its empty database.
    """

    def __init__(self, url: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.url = url
        self._start = start
        self._is_postgres = url.startswith("postgresql")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; others wait for it with `await_answer`."""
        self._process = self._start()

    def stop(self) -> None:
        """Ends it at once, as a crash of its machine does."""
        if self._process is not None:
            # PostgreSQL's first process takes the others along at this signal only.
            self._process.send_signal(signal.SIGQUIT if self._is_postgres else signal.SIGKILL)
            self._process.wait(timeout=START_SECONDS)
            self._process = None


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def await_answer(port: int) -> None:
    """Waits until something listens."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise TimeoutError(f"no server has answered on port {port} for {START_SECONDS} s")


def needs(*programs: str | None, module: str) -> None:
    """Skips a test whose server or driver is not installed."""
    if sys.platform == "win32":
        pytest.skip("servers are started on Linux and macOS only")
    if None in programs:
        pytest.skip("the server's programs are not installed")
    pytest.importorskip(module)


@contextlib.contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    """A folder of a server's, whose user must be able to enter it."""
    with tempfile.TemporaryDirectory(prefix="tuner-server-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        if owner is not None:
            shutil.chown(folder, owner)
        yield folder


def _owner(name: str) -> str | None:
    """The user to run a server as, which refuses to run as root; None: this one."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        pytest.skip(f"there is no user {name!r}, and the server does not run as root")


def _run(command: list[str], owner: str | None, given: bytes = b"") -> None:
    subprocess.run(
        command, user=owner, cwd="/", input=given, check=True, capture_output=True, timeout=120
    )


@contextlib.contextmanager
def postgres(driver: str = "psycopg") -> Iterator[Server]:
    """A PostgreSQL server with a password."""
    found = sorted(POSTGRES_PROGRAMS.glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    needs(initdb, module=driver)
    assert initdb is not None
    owner, port = _owner("postgres"), free_port()
    with _folder(owner) as folder:
        data, secret = folder / "data", folder / "secret"
        secret.write_text(PASSWORD + "\n", encoding="utf-8")
        secret.chmod(0o644)
        options = ["-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync"]
        _run([initdb, "-D", str(data), "-U", USER, *options], owner)
        command = [str(Path(initdb).with_name("postgres")), "-D", str(data), "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
        url = f"postgresql+{driver}://{USER}:{ENCODED}@127.0.0.1:{port}/postgres"
        with _served(Server(url, lambda: _process(command, owner)), port) as server:
            yield server


@contextlib.contextmanager
def mariadb(driver: str = "pymysql") -> Iterator[Server]:
    """A MariaDB server with a password."""
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd")
    needs(install, program, module=driver)
    assert install is not None and program is not None
    owner, port = _owner("mysql"), free_port()
    with _folder(owner) as folder:
        data = folder / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        _run([install, *common, "--auth-root-authentication-method=normal"], owner)
        accounts = (
            "SET NAMES utf8mb4;\nCREATE DATABASE study CHARACTER SET utf8mb4;\n"
            f"FLUSH PRIVILEGES;\nCREATE USER '{USER}'@'localhost' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON study.* TO '{USER}'@'localhost';\n"
        )
        _run([program, *common, "--bootstrap"], owner, accounts.encode())
        command = [program, *common, f"--port={port}", "--bind-address=127.0.0.1"]
        command += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        url = f"mysql+{driver}://{USER}:{ENCODED}@127.0.0.1:{port}/study?charset=utf8mb4"
        with _served(Server(url, lambda: _process(command, owner)), port) as server:
            yield server


def _process(command: list[str], owner: str | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, user=owner, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextlib.contextmanager
def _served(server: Server, port: int) -> Iterator[Server]:
    server.start()
    try:
        await_answer(port)
        yield server
    finally:
        # A connection that is found open later is a warning in another test, which is not at fault.
        let_go()
        gc.collect()
        server.stop()
