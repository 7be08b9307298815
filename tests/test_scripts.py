"""What the scripts of a clone say where something is missing, and that they do nothing twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.house import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for a POSIX shell")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what the scripts read, and an empty PATH in `bin`."""
    root = tmp_path / "a clone"
    shutil.copytree(ROOT / "scripts", root / "scripts")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, root / name)
    (tmp_path / "bin").mkdir()
    return root


def run(clone: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(clone.parent / "bin"), "HOME": str(clone.parent), **environment}
    command = [str(clone / words[0]), *words[1:]]
    return subprocess.run(
        command, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def made(clone: Path, *words: str) -> None:
    """An environment as the script leaves it, with a `tuner` that echoes."""
    programs = clone / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "tuner").write_text('#!/bin/sh\necho "tuner got: $*"\n')
    (programs / "tuner").chmod(0o755)
    for word in words:
        (clone / f".venv/installed-{word}").write_text(f"{clone.resolve()}\n")


def test_it_says_what_it_fetches_before_it_needs_anything(clone: Path) -> None:
    ran = run(clone, "scripts/tuner", "studies")
    assert ran.returncode == 2
    assert "750 MB from the Python package index" in ran.stderr
    assert f"18 MB from the Python package index, into {clone.resolve()}/.uv" in ran.stderr
    assert f"into {clone.resolve()}/.venv" in ran.stderr
    assert "neither uv nor Python is on PATH: install Python 3.11" in ran.stderr.splitlines()[-1]
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_and_pip_is_told_what_to_install(clone: Path) -> None:
    (clone.parent / "bin/python3").symlink_to(sys.executable)
    shadows = clone.parent / "shadows"
    shadows.mkdir()
    for name in ("ensurepip", "pip"):
        (shadows / f"{name}.py").write_text("raise ImportError\n")
    ran = run(clone, "scripts/tuner", "studies", PYTHONPATH=str(shadows))
    assert ran.returncode == 2
    assert "sudo apt install python3-venv" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_an_unknown_part_is_named_with_those_that_there_are(clone: Path) -> None:
    ran = run(clone, "scripts/environment", "tflight")
    assert ran.returncode == 2
    assert ran.stderr.startswith("scripts/environment: there is no tflight: say nothing, test, ")
    assert len(ran.stderr.splitlines()) == 1


def test_what_is_there_is_not_made_again(clone: Path) -> None:
    made(clone, "user")
    ran = run(clone, "scripts/tuner", "search", "q10", "--trials", "5 0")
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        0,
        "tuner got: search q10 --trials 5 0\n",
        "",
    )


@pytest.mark.parametrize("why", ["pyproject.toml", "constraints.txt", "moved", "another part"])
def test_it_is_made_again_where_it_is_not_what_is_asked_for(clone: Path, why: str) -> None:
    made(clone, "user")
    stamp = clone / ".venv/installed-user"
    if why == "moved":
        stamp.write_text("/somewhere/else\n")
    elif why != "another part":
        newer = stamp.stat().st_mtime + 10
        os.utime(clone / why, (newer, newer))
    ran = run(clone, "scripts/environment", *(["test"] if why == "another part" else []))
    assert ran.returncode == 2
    assert "neither uv nor Python is on PATH" in ran.stderr


def test_an_older_uv_is_not_taken(clone: Path) -> None:
    for version, taken in [("0.7.22", False), ("0.8.0", True), ("0.13.9", True), ("1.2.0", True)]:
        uv = clone.parent / "bin/uv"
        uv.write_text(f'#!/bin/sh\n[ "$1" != --version ] || echo "uv {version}"\n')
        uv.chmod(0o755)
        made(clone)
        ran = run(clone, "scripts/environment")
        shutil.rmtree(clone / ".venv")
        assert ("neither uv nor Python" in ran.stderr) is not taken, version
        assert (ran.returncode == 0) is taken, version
