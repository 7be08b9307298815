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


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command.split(), ADDRESS]) == 2
    said = capsys.readouterr().err
    option = command.split()[-1]
    assert SAID in said and option in said and "hunter2" not in said
    assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_place_for_artifacts_that_holds_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["search", "q2", "--data", "shapes10", "--artifacts", ADDRESS]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "--artifacts must not hold a key or a password" in said and "hunter2" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["search q2 --data shapes10", "data", "data shapes10"])
def test_the_cache(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUNER_CACHE", ADDRESS)
    assert main(command.split()) == 2
    said = capsys.readouterr().err
    assert f"TUNER_CACHE {SAID}" in said and "hunter2" not in said
    assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


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
