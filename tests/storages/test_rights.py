"""A database whose user may not do everything: one line that says what, and no password in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.helpers import servers, tiny
from tuner.cli import main
from tuner.records.keys import StudyKey
from tuner.sessions.standing import Standing
from tuner.storages.opening import open_storage
from tuner.workers.orders import WorkerOrders

pytestmark = [
    pytest.mark.slow,
    # A command ends without a farewell to its server.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SECRET = "guest-secret"
READS = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest"
DATA = "images.npz"


@pytest.fixture(scope="module")
def server() -> Iterator[servers.Server]:
    with servers.postgres() as started:
        admin(
            started,
            f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}'",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        )
        yield started


def admin(server: servers.Server, *statements: str) -> None:
    engine = create_engine(server.url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def guest(server: servers.Server) -> str:
    url = make_url(server.url).set(username="guest", password=SECRET)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    return tmp_path


def refused(said: pytest.CaptureResult[str], what: str) -> None:
    (line,) = said.err.splitlines()
    assert what in line and "guest:***@" in line and "lacks a right" in line
    assert "INSERT" in line and "LINE" not in line
    assert SECRET not in said.out + said.err


SEARCH = ["search", "tiny.toml", "--trials", "1", "--workers", "1", "--prove", "none", "--no-live"]


def test_who_may_not_make_tables_is_told_so(
    server: servers.Server,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUNER_STORAGE", guest(server))
    assert main(SEARCH) == 2
    refused(capsys.readouterr(), "permission denied for schema public")


def test_who_may_only_read_reads_and_is_told_what_else_it_needs(
    server: servers.Server,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TUNER_STORAGE", server.url)
    assert main([*SEARCH[:3], "2", *SEARCH[4:]]) in (0, 1)
    storage = open_storage(server.url)
    study = optuna.load_study(study_name="tiny", storage=storage)
    (data,) = study.user_attrs[StudyKey.DATA].values()
    reference = {"source": str(folder / DATA), "content": data["hash"]}
    orders = WorkerOrders("tiny", "", "out", {DATA: reference}, 9, 0, 0, "smallest", "target", True)
    Standing(study).give(orders)
    storage.close()
    capsys.readouterr()
    monkeypatch.setenv("TUNER_STORAGE", guest(server))
    assert main(["status", "tiny"]) == 2
    refused(capsys.readouterr(), "permission denied for table")
    admin(server, READS)
    for verb in (["status", "tiny"], ["trials", "tiny"], ["best", "tiny"]):
        assert main(verb) in (0, 1), verb
        assert not [line for line in capsys.readouterr().err.splitlines() if "right" in line]
    for verb in ([*SEARCH[:3], "5", *SEARCH[4:]], ["worker", "tiny", "--results", "far"]):
        assert main(verb) == 2, verb
        said = capsys.readouterr()
        refused(
            said._replace(err=said.err.splitlines()[-1]),
            "permission denied for table",
        )
