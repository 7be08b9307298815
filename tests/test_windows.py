"""Every module, the command line and a search, without the names that Python lacks on Windows."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import types
from pathlib import Path, PureWindowsPath

import psutil
import pytest

from tests.helpers import house, tiny
from tuner.basics import child_process, importing
from tuner.data import lookup, mistakes
from tuner.data.sources import python
from tuner.sessions import wish
from tuner.specs.spec import from_dict
from tuner.views.consoles import console

WITHOUT = house.ROOT / "tests/helpers/windows"
PACKAGES = ("analysis", "search_spaces", "tuner")
REFUSED = "refused.txt"
COMMANDS = """
import os, sys
from tuner.cli import main

os.environ["COLUMNS"] = "100"
for command in (["--help"], ["data", "toys"], ["search", "bad.toml"], ["status"], ["studies"]):
    print(command, main(command), flush=True)
"""


def _modules() -> list[str]:
    """All modules of the product; the entrance of ``python -m tuner`` runs when it is imported."""
    files = [f.relative_to(house.ROOT) for f in house.own() if f.name != "__main__.py"]
    named = [".".join(f.with_suffix("").parts) for f in files if f.parts[0] in PACKAGES]
    return [name.removesuffix(".__init__") for name in named]


def _environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(WITHOUT), str(house.ROOT)])
    mine = {"PYTHONPATH": path, "REFUSED": str(folder / REFUSED), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **mine}


def _refused(folder: Path) -> list[str]:
    """What Windows would not have done, of all that this project asked for."""
    file = folder / REFUSED
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(folder),
        check=False,
    )


@pytest.mark.parametrize(
    "code",
    [
        "import signal; signal.SIGBUS",
        "import os; os.getuid",
        "from os import fork",
        "import fcntl",
        "import os.path, resource",
        "open('/proc/cpuinfo')",
        "import pathlib; pathlib.Path('/proc/self/stat').read_text()",
        "import os; os.listdir('/proc')",
        "import os; f = open('x', 'w'); os.replace('x', 'y')",
        "import os; open('x', 'w').close(); f = open('y', 'w'); os.replace('x', 'y')",
        "import os; f = open('x', 'w'); os.unlink('x')",
        "import pathlib; pathlib.Path('a').mkdir(); f = open('a/x', 'w'); "
        "pathlib.Path('a').rename('b')",
        "import os, shutil; os.mkdir('c'); f = open('c/x', 'w'); shutil.rmtree('c')",
        "import mmap; f = open('x', 'wb'); f.write(b'0' * 9); f.close(); f = open('x', 'r+b'); "
        "m = mmap.mmap(f.fileno(), 9); f.close(); __import__('os').unlink('x')",
        "open('x' * 250, 'w')",
    ],
)
def test_the_names_are_gone_for_this_project_alone(code: str, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("these names are Linux's")
    run = f"exec(compile({code!r}, 'x', 'exec'), {{'__name__': NAME}})"
    for name, ends in (("tuner.x", 1), ("other", 0)):
        (folder := tmp_path / name).mkdir()
        assert _python(folder, "-c", run.replace("NAME", repr(name))).returncode == ends


@pytest.mark.slow
def test_every_module_is_imported(tmp_path: Path) -> None:
    code = (
        "import importlib, sys, traceback\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except Exception as error:\n"
        "        print(name, repr(error))\n"
    )
    ran = _python(tmp_path, "-c", code, *_modules())
    assert (ran.stdout, ran.returncode) == ("", 0), ran.stderr


def test_the_command_line_starts(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("kind = 'search'")
    ran = _python(tmp_path, "-c", COMMANDS)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("[")]
    assert [line.split()[-1] for line in lines] == ["0", "2", "2", "0", "0"], ran.stderr
    assert "Traceback" not in ran.stderr and "unexpected" not in ran.stderr


@pytest.mark.slow
def test_spaces_are_described_and_a_search_is_run(tmp_path: Path) -> None:
    """With its children and workers: they inherit what is missing."""
    ran = _python(tmp_path, "-m", "tuner", "spaces", "dense")
    assert ran.returncode == 0 and "units_0" in ran.stdout, ran.stderr
    tiny.write(tmp_path, horizon=2)
    command = "search tiny.toml --trials 2 --workers 1 --prove none --no-live"
    ran = _python(tmp_path, "-m", "tuner", *command.split())
    assert ran.returncode in (0, 1), ran.stderr
    assert "Error" not in ran.stderr
    assert "[2/2] #1" in ran.stdout
    assert _refused(tmp_path) == []


def _tuner(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return _python(folder, "-m", "tuner", *command.split())


def _started(folder: Path, command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tuner", *command.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=_environment(folder),
    )


def _await_worker(command: subprocess.Popen[str]) -> psutil.Process:
    """A worker that has begun to train: the first line of a trial says so."""
    assert command.stdout is not None
    for line in command.stdout:
        if line.startswith("["):
            break
    workers = [
        child
        for child in psutil.Process(command.pid).children()
        if "child_process" in " ".join(child.cmdline())
    ]
    assert workers, "no worker runs"
    return workers[0]


@pytest.mark.slow
def test_a_search_outlives_a_ctrl_c_and_the_death_of_a_worker(tmp_path: Path) -> None:
    """And what it found is certified and reported."""
    tiny.write(tmp_path, target=0.3, horizon=4)
    search = "search tiny.toml --workers 1 --prove none --no-live --trials"
    stopped = _started(tmp_path, f"{search} 60")
    _await_worker(stopped)
    stopped.send_signal(signal.SIGINT)
    said = stopped.communicate(timeout=60)[0]
    assert stopped.returncode == 130, said
    assert "nothing is lost" in said and "Traceback" not in said

    again = _started(tmp_path, f"{search} 60")
    _await_worker(again).kill()
    assert again.stdout is not None
    replaced = any("and was replaced" in line for line in again.stdout)
    again.communicate(timeout=300)
    assert replaced and again.returncode == 0

    certified = _tuner(tmp_path, "certify tiny --prove model --accept-duplicates")
    assert certified.returncode in (0, 1), certified.stderr
    assert "this file" in certified.stdout, certified.stderr
    reported = _tuner(tmp_path, "report tiny")
    assert reported.returncode == 0, reported.stderr
    assert _refused(tmp_path) == []


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp850", "ascii"])
def test_a_console_without_blocks_shows_a_curve(encoding: str) -> None:
    page = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    console(file=page).print("▁▂▃▄▅▆▇█ ━━┄┄")
    page.flush()
    assert isinstance(page.buffer, io.BytesIO)
    assert page.buffer.getvalue().decode(encoding).split() == ["_.:-=+*#", "==--"]


def test_a_console_that_has_them_shows_blocks() -> None:
    page = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console(file=page).print("▁▂▃▄▅▆▇█")
    page.flush()
    assert isinstance(page.buffer, io.BytesIO)
    assert page.buffer.getvalue().decode().strip() == "▁▂▃▄▅▆▇█"


def test_a_worker_is_out_of_a_consoles_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no sessions; there a process has a group of its own."""
    asked: dict[str, object] = {}
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 512, raising=False)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **more: asked.update(more) or Fake())
    child_process.Child("tuner.nothing:here", {}, apart=True)
    assert asked["creationflags"] == 512


class Fake:
    """A process that has ended."""

    def __init__(self) -> None:
        self.stdin = io.StringIO()


SPACE = "C:\\me\\my studies\\space.py:Space"


def test_a_drives_colon_is_not_the_one_before_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    file = SPACE.rpartition(":")[0]
    asked: list[str] = []
    module = types.SimpleNamespace(Space=dict)
    monkeypatch.setattr(importing, "_import", lambda name, _: asked.append(name) or module)
    assert importing.find(SPACE) is dict
    assert asked == [file]
    study = {"name": "mine", "kind": "search", "question": "?", "target": 0.9, "horizon": 3}
    more = {"metric": f"{file}:score", "metric_direction": "maximize", "data": f"{file}:load"}
    spec = from_dict({**study, "space": SPACE, **more})
    assert (spec.space, spec.measured.title) == (SPACE, "score")
    found = python.SPEC.fullmatch(f"{file}:load")
    assert found is not None and found["module"] == file
    assert wish.assign(("mnist",), (f"mnist={file}:load",)) == {"mnist": f"{file}:load"}
    monkeypatch.setattr(lookup, "PurePath", PureWindowsPath)
    assert lookup._called(f"{file}:load") == lookup._called(file) == "space"


@pytest.mark.parametrize("path", ["C:\\images", "C:/images", "d:\\x.npz"])
def test_a_path_with_a_drive_is_no_address(path: str) -> None:
    assert mistakes.address(path) is None and mistakes.bare_address(path) is None
