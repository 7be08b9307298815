"""Addresses where a path of this machine is wanted: one line, and no folder called ``s3:``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tuner import SmallestModel, certify, export, load_study, search
from tuner.cli import main
from tuner.errors import UsageError

ADDRESS = "s3://key:hunter2@bucket/folder?token=hunter2"
SAID = "must be a path on this machine, but got the address s3://bucket"

COMMANDS = (
    "search q2 --results",
    "best q2 --results",
    "status q2 --results",
    "certify q2 --results",
    "trials q2 --results",
    "worker q2 --storage sqlite:///there.db --results",
    "report q2 --output",
    "export q2 --format keras --output",
    "export q2 --format keras --results",
    "lab --stored --output",
    "lab --stored --readme",
)


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Types a command that is refused in one line, with no secret in it and nothing made."""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> str:
        assert main(list(words)) == 2
        said = capsys.readouterr().err
        assert "hunter2" not in said and len(said.strip().splitlines()) == 1
        assert not list(tmp_path.iterdir())
        return said

    return typed


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str, refused: Callable[..., str]) -> None:
    said = refused(*command.split(), ADDRESS)
    assert SAID in said and command.split()[-1] in said


def test_a_place_for_artifacts_that_holds_a_key(refused: Callable[..., str]) -> None:
    said = refused("search", "q2", "--data", "shapes10", "--artifacts", ADDRESS)
    assert "--artifacts must not hold a key or a password" in said


@pytest.mark.parametrize("command", ["search q2 --data shapes10", "data", "data shapes10"])
def test_the_cache(
    command: str, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_CACHE", ADDRESS)
    assert f"TUNER_CACHE {SAID}" in refused(*command.split())


CALLS: dict[str, Callable[[str | Path], object]] = {
    "results": lambda given: search("q2", results=given),
    "results of certify": lambda given: certify("q2", results=given),
    "results of export": lambda given: export("q2", format="keras", results=given),
    "results of load_study": lambda given: load_study("q2", results=given),
    "output": lambda given: export("q2", format="keras", output=given),
    "directory": lambda given: SmallestModel(lambda hp: None, target=0.9, directory=given),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("made", [str, Path])
def test_functions(
    name: str, made: type[str] | type[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `Path` of an address has lost one of its slashes."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        CALLS[name](made(ADDRESS))
    said = str(caught.value)
    assert said.startswith(f"{name.partition(' ')[0]} must be a path on this machine")
    assert "hunter2" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["C:/results", "a:b", "out:1", "s3"])
def test_what_is_a_path_stays_one(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match="no results yet"):
        load_study("q2", results=path)
