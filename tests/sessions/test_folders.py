"""Folders of users that have modules of the same names as this program's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import tiny

TUNER = Path(sys.executable).with_name("tuner")
SECONDS = 300


def fill(folder: Path) -> None:
    """Packages of the names of ours."""
    for name in ("analysis", "studies", "search_spaces"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise SystemExit('the wrong {name}')")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a data-science project may look, with the user's space as a module of its own."""
    made = tmp_path_factory.mktemp("project")
    fill(made)
    for name in ("tuner", "keras", "json"):
        (made / f"{name}.py").write_text(f"raise SystemExit('the wrong {name}')")
    tiny.write(made)
    (made / "space.py").rename(made / "myspace.py")
    study = made / "tiny.toml"
    study.write_text(study.read_text().replace("space.py:Tiny", "myspace:Tiny"))
    return made


def run(folder: Path, *typed: str) -> subprocess.CompletedProcess[str]:
    if not TUNER.exists():
        pytest.skip("the program is not installed beside this Python")
    return run_in(folder, str(TUNER), *typed)


def run_in(folder: Path, *typed: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        typed,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.mark.slow
def test_the_programs_own_packages_win_and_the_users_are_found(folder: Path) -> None:
    ran = run(folder, "search", "tiny.toml", "--trials", "2", "--workers", "1", "--prove", "none")
    assert ran.returncode in (0, 1), ran.stderr
    ran = run(folder, "spaces", "myspace:Tiny")
    assert ran.returncode == 0 and "width" in ran.stdout, ran.stderr
    ran = run(folder, "report", "--output", "page.html")
    assert ran.returncode == 0 and (folder / "page.html").exists(), ran.stderr


@pytest.mark.slow
def test_an_export_finds_the_users_space(folder: Path) -> None:
    easy = ("search", "tiny.toml", "--target", "0.4", "--trials", "1", "--workers", "1")
    ran = run(folder, *easy, "--prove", "none")
    assert ran.returncode == 0, ran.stderr
    ran = run(folder, "export", "tiny-target-0.4", "--format", "keras")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["analysis", "search_spaces.mine", "keras"])
def test_names_that_collide_are_said_in_a_line(folder: Path, name: str) -> None:
    ran = run(folder, "spaces", f"{name}:Space")
    assert ran.returncode == 2
    lines = ran.stderr.strip().splitlines()
    assert len(lines) == 1 and "hides" in lines[0] and "rename yours" in lines[0]


@pytest.mark.parametrize(
    "typed", [("-m", "tuner", "studies"), ("-m", "tuner", "spaces", "--help"), ("script.py",)]
)
def test_as_a_module_and_in_a_users_script_too(typed: tuple[str, ...], tmp_path: Path) -> None:
    if not TUNER.exists():
        pytest.skip("the program is not installed beside this Python")
    fill(tmp_path)
    (tmp_path / "script.py").write_text(
        "from tuner import search\nfrom tuner.errors import UsageError\n"
        "try:\n    search('q11')\nexcept UsageError as error:\n    print(error)\n"
    )
    ran = run_in(tmp_path, sys.executable, *typed)
    assert ran.returncode == 0, ran.stderr
    assert ("q10" if typed[-1] != "--help" else "SPACE") in ran.stdout
