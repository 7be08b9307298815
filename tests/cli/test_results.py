"""``tuner status``, ``best`` and ``trials``."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

from tests.helpers import fakes
from tuner.cli import main
from tuner.storages.opening import default_url, open_storage


def test_status_of_nothing_and_of_all(results, capsys, monkeypatch):
    assert main(["status", "--results", "elsewhere"]) == 0
    assert "No results yet" in capsys.readouterr().out
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "4,218" in out
    assert "q4@shapes10: made on shapes10, not cifar10" in out
    assert "q10: 1 trial training now" in out


def test_status_of_one(results, capsys):
    assert main(["status", "q4"]) == 0
    out = capsys.readouterr().out
    assert "SHAPES10, NOT CIFAR10" in out
    assert "4,218 parameters (4,282 total)" in out
    assert "out of memory 1" in out
    assert main(["status", "q9"]) == 0
    assert "batch_size=32" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["status"], ["status", "q10"], ["best", "q10"]])
def test_reading_imports_only_what_it_needs(results, arguments):
    """Each of these would cost as much time as all the rest of the command."""
    heavy = ["tensorflow", "keras", "pandas", "matplotlib", "scipy", "alembic"]
    code = (
        "import sys; from tuner.cli import main\n"
        f"main({[*arguments, '--results', str(results)]!r})\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=results
    )
    assert "4,218" in ran.stdout
    assert ran.stderr.splitlines()[-1] == "[]"


def test_status_names_stale_trials(results, capsys):
    storage = open_storage(default_url(results))
    fakes.add_running(fakes.make_study("dead", storage=storage), dead=True)
    assert main(["status", "dead"]) == 0
    assert "#0: their workers died" in capsys.readouterr().out
    assert main(["trials", "dead"]) == 0
    assert "stale" in capsys.readouterr().out


def test_best_and_its_exit_codes(results, capsys):
    assert main(["best", "q10"]) == 0
    out = capsys.readouterr().out
    for said in (
        "4,218 parameters (4,282 total), 843,600 MACs",
        "75.8 %",
        "18 of 25 epochs",
        "tuner-results/q10/trial-0008.keras",
        "18.5 times smaller than the reference",
        "block",
    ):
        assert said in out
    assert main(["best", "q2"]) == 1
    assert "0.3 points short" in capsys.readouterr().out
    assert main(["best", "q9"]) == 0


def test_best_as_json(results, capsys):
    assert main(["best", "q10", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["best"]["size"] == 4218
    assert answer["times_smaller"] == pytest.approx(78_186 / 4_218)
    assert main(["best", "q2", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["best"] is None
    assert answer["closest"]["trial"] == 0


def rows(text: str) -> list[int]:
    numbers = [line.split()[0] for line in text.splitlines() if line.split()]
    return [int(n) for n in numbers if n.isdecimal()]


def test_trials_as_a_table(results, capsys):
    assert main(["trials", "q10"]) == 0
    out = capsys.readouterr().out
    assert rows(out)[:4] == [0, 1, 2, 4]
    assert "1 gated trial not shown: --all" in out
    assert main(["trials", "q10", "--all", "--sort", "size"]) == 0
    assert rows(capsys.readouterr().out)[:4] == [4, 1, 9, 8]
    assert main(["trials", "q10", "--sort", "accuracy"]) == 0
    assert rows(capsys.readouterr().out)[0] == 0


def test_trials_for_programs(results, capsys):
    assert main(["trials", "q10", "--json"]) == 0
    assert [t["trial"] for t in json.loads(capsys.readouterr().out)] == list(range(10))
    assert main(["trials", "q10", "--csv"]) == 0
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(found) == 10
    assert found[8]["size"] == "4218"
    assert main(["trials", "q10", "--csv", "--json"]) == 2


def test_a_storage_that_cannot_be_reached_hides_the_password(capsys):
    url = "nosuch://me:secret@host/name"
    assert main(["status", "q10", "--storage", url]) == 2
    captured = capsys.readouterr()
    assert "secret" not in captured.err
    assert len(captured.err.splitlines()) == 1
