"""A password that is given to the program is found nowhere but in its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIServer

import psutil
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.helpers import servers, tiny
from tuner.basics.secrets import NEEDS_VARIABLE

pytestmark = [
    pytest.mark.slow,
    # A command ends without a farewell to its server.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[2]
SECRETS = (servers.PASSWORD, servers.ENCODED, "sesame")


@pytest.fixture(scope="module")
def server() -> Iterator[servers.Server]:
    with servers.postgres() as started:
        yield started


def tuner(folder: Path, *typed: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tuner", *typed],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_by(process: subprocess.Popen[str], code: int = 0) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == code, said
    return said


def command_lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What `ps` shows of a command's processes, until it ends."""
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        for one in [parent, *parent.children(recursive=True)]:
            try:
                yield " ".join(one.cmdline())
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.5)


def rows(url: str) -> Iterator[str]:
    """Everything that a database holds, as text."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                    yield f"{table}: {tuple(row)}"
    finally:
        engine.dispose()


def answers(url: str, results: Path) -> Iterator[str]:
    """What the dashboard's program interface says of the studies."""
    from tuner.dashboard.serve import serve

    listening: list[WSGIServer] = []
    ready = threading.Event()

    def began(made: WSGIServer) -> None:
        listening.append(made)
        ready.set()

    thread = threading.Thread(
        target=serve, args=(url, results), kwargs={"port": 0, "browser": False, "ready": began}
    )
    thread.start()
    assert ready.wait(60)
    address = f"http://127.0.0.1:{listening[0].server_port}/api/studies"
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            studies = answer.read().decode()
        yield studies
        for study in json.loads(studies)["study_summaries"]:
            with urllib.request.urlopen(f"{address}/{study['study_id']}", timeout=60) as answer:
                yield answer.read().decode()
    finally:
        listening[0].shutdown()
        thread.join(60)


def check(where: str, found: str) -> None:
    for secret in SECRETS:
        assert secret not in found, f"{where}: {found[max(0, found.index(secret) - 200) :][:400]}"


def test_a_password_is_found_nowhere(server: servers.Server, tmp_path: Path) -> None:
    tiny.write(tmp_path)
    search = tuner(
        tmp_path, "search", "tiny.toml", "--trials", "2", "--json", TUNER_STORAGE=server.url
    )
    for line in command_lines(search):
        check("ps", line)
    said = said_by(search)
    check("search", said)
    assert '"event": "finished"' in said
    verbs = {
        "search": ["tiny.toml", "--trials", "2", "--prove", "none"],
        "status": ["tiny"],
        "best": ["tiny"],
        "trials": ["tiny", "--csv"],
        "report": ["tiny"],
        "certify": ["tiny"],
    }
    for verb, more in verbs.items():
        typed = tuner(tmp_path, verb, *more, "--storage", server.url)
        said, _ = typed.communicate(timeout=300)
        assert typed.returncode in (0, 1), said
        check(verb, said)
        if verb in ("search", "best", "report"):
            assert NEEDS_VARIABLE in " ".join(said.split())
    mistyped = server.url.replace("://", ":/")
    check("mistyped", said_by(tuner(tmp_path, "status", "--debug", "--storage", mistyped), 2))
    wrong = server.url.replace("@127", "x@127")
    check("wrong", said_by(tuner(tmp_path, "status", "--storage", wrong, "--debug"), 2))
    for row in rows(server.url):
        check("database", row)
    for answer in answers(server.url, tmp_path / "tuner-results"):
        check("dashboard", answer)
    files = [p for p in (tmp_path / "tuner-results").rglob("*") if p.is_file()]
    assert {"report.html", "worker-0.log"} <= {p.name for p in files}
    for file in files:
        check(str(file), file.read_bytes().decode("latin-1"))
