"""What people give that is no data set: each one a line that names it and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.bad_data import message
from tests.helpers.bad_inputs.arrays import ARRAYS
from tests.helpers.bad_inputs.examples import EXAMPLES
from tests.helpers.bad_inputs.row import Make
from tests.helpers.bad_inputs.sources import SOURCES
from tuner.cli import main

ROWS = [*SOURCES, *ARRAYS, *EXAMPLES]


@pytest.mark.parametrize(
    ("make", "words"),
    [row[1:] for row in [*SOURCES, *EXAMPLES]],
    ids=[r[0] for r in [*SOURCES, *EXAMPLES]],
)
def test_each_is_one_line_that_says_what_to_do(
    make: Make, words: str, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "given").mkdir()
    line = message(str(make(tmp_path / "given")), cache)
    assert words in line
    assert line.isprintable() and line.endswith((".", ")", "?"))


COMMANDS = [
    "nothing",
    "a name nearly right",
    "http",
    "a zip",
    "Train and Test",
    "masks",
    "a device",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_says_it_exits_with_2_and_makes_nothing(
    name: str,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make, words = next((make, words) for row, make, words in ROWS if row == name)
    (tmp_path / "given").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TUNER_CACHE", str(cache))
    source = str(make(tmp_path / "given"))
    for command in (["data", source], ["search", "q2", "--data", source]):
        assert main(command) == 2
        said = capsys.readouterr()
        assert words in said.err and said.err.count("\n") == 1
        assert not said.out
    assert not list((tmp_path / "here").iterdir())
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@example.org/x.zip",
        "s3://key:hunter2@bucket/x",
        "https://example.org/x?X-Amz-Signature=hunter2",
        "https://example.org/x#hunter2",
        "HTTPS://hunter2@[::1",
    ],
)
def test_a_secret_in_an_address_is_not_repeated(text: str, cache: Path) -> None:
    assert "hunter2" not in message(text, cache)
