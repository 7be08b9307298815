"""Bad inputs, all through the program's entrance: code 2, one line that helps, nothing made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.bad_inputs.arrays import ARRAYS
from tests.helpers.bad_inputs.examples import EXAMPLES, UNFIT
from tests.helpers.bad_inputs.metrics import METRICS
from tests.helpers.bad_inputs.metrics import SLOW as OWN_METRICS
from tests.helpers.bad_inputs.options import OPTIONS
from tests.helpers.bad_inputs.results import RESULTS
from tests.helpers.bad_inputs.row import Make, Row
from tests.helpers.bad_inputs.sources import SOURCES
from tests.helpers.bad_inputs.storages import NOTHING, SECRET, STORAGES
from tests.helpers.bad_inputs.studies import SLOW, SPACES, STUDIES
from tests.helpers.bad_inputs.trainings import QUICK
from tests.helpers.bad_inputs.trainings import SLOW as TRAININGS
from tuner.cli import main
from tuner.launchers.processes import ProcessCrew

COMMANDS = ("data {}", "search q2 --data {}")


def _apart(make: Make) -> Make:
    """What is given lies in a folder of its own."""

    def made(folder: Path) -> Any:
        (folder / "given").mkdir()
        return make(folder / "given")

    return made


DATA = [
    Row(f"{name}, {command.partition(' ')[0]}", command, (said,), _apart(make))
    for name, make, said in [*SOURCES, *ARRAYS, *EXAMPLES]
    for command in COMMANDS
]
TABLE = [
    *OPTIONS,
    *STUDIES,
    *METRICS,
    *QUICK,
    *SPACES,
    *STORAGES,
    *NOTHING,
    *RESULTS,
    *DATA,
    *UNFIT,
]
TRAINED = [*SLOW, *OWN_METRICS, *TRAININGS]


def tree(folder: Path) -> dict[str, Any]:
    """What lies in a folder, and when it was last written to."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is typed in; no worker starts, and no server is asked."""

    def started(*_: Any) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(ProcessCrew, "_start", started)
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.usefixtures("asks_spaces")
@pytest.mark.parametrize(
    "row",
    [
        *(pytest.param(row, id=row.name) for row in TABLE),
        *(pytest.param(row, id=row.name, marks=pytest.mark.slow) for row in TRAINED),
    ],
)
def test_a_bad_input_is_one_line_code_2_and_makes_nothing(
    row: Row, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in row.environment.items():
        monkeypatch.setenv(name, value)
    typed = row.typed(here)
    before = tree(here)
    capsys.readouterr()  # of making what is given
    assert main(typed) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Error: ")
    assert shown.err.count("\n") == 1 and shown.err.endswith("\n")
    assert "Traceback" not in shown.err and "--debug" not in shown.err
    assert SECRET not in shown.err
    assert [part for part in row.said if part not in shown.err] == []
    assert tree(here) == before


def test_the_table_is_whole() -> None:
    """Every verb that takes something, and no row twice."""
    from tuner.cli import cli

    names = [row.name for row in [*TABLE, *TRAINED]]
    assert len(names) == len(set(names)) > 250
    assert {row.command.split()[0] for row in TABLE} >= set(cli.list_commands(None))  # type: ignore[arg-type]
