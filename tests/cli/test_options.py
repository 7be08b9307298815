"""Options and kinds of values that verbs share, and how they are completed."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tuner import cli
from tuner.basics.secrets import repeated
from tuner.cli.options import complete_study, duration, fraction


def test_studies_and_files_are_completed(folder):
    (folder / "q-mine.toml").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "other.toml").touch()
    argument = click.Argument(["study"])
    context = click.Context(cli.cli)

    def completed(typed: str) -> list[str]:
        return [item.value for item in complete_study(context, argument, typed)]

    assert {"q4", "q10", "q-mine.toml"} <= set(completed("q"))
    assert completed("sub/") == ["sub/other.toml"]
    assert complete_study(context, argument, "zz")[0].type == "file"


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("90", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5 h", 5400)],
)
def test_durations(typed, seconds):
    assert duration(typed) == seconds


@pytest.mark.parametrize("typed", ["", "0", "m", "1x", "-5", "1h-30m"])
def test_what_is_no_duration(typed):
    with pytest.raises(click.BadParameter):
        duration(typed)


def test_a_fraction_may_include_its_lower_edge():
    assert fraction(0, 0.5, with_low=True)("0") == 0
    with pytest.raises(click.BadParameter):
        fraction(0, 0.5, with_low=False)("nan")


def test_what_is_repeated_hides_a_password():
    assert repeated(None, Path("tuner-results")) == []
    url = "postgresql://me:secret@host/name"
    again = repeated(url, Path("r"))
    assert again == ["--results", "r"]  # TUNER_STORAGE has the rest
    assert repeated("sqlite:///a.db", Path("r")) == [
        "--results",
        "r",
        "--storage",
        "sqlite:///a.db",
    ]
