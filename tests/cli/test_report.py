from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import fakes
from tests.helpers.pages import Page
from tuner.cli import main
from tuner.storages.opening import default_url, open_storage


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "tuner-results"
    made.mkdir()
    storage = open_storage(default_url(made))
    fakes.make_search(storage)
    fakes.make_study("q2", storage=storage)
    storage.close()
    return made


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (["q10"], "tuner-results/q10/report.html"),
        ([], "tuner-results/report.html"),
        (["--lab"], "tuner-results/lab.html"),
        (["q10", "--output", "new/x.html"], "new/x.html"),
    ],
)
def test_the_command_writes_a_file_and_prints_its_path(arguments, written, results, capsys):
    assert main(["report", *arguments]) == 0
    assert capsys.readouterr().out == f"{written}\n"
    assert Page(Path(written).read_text(encoding="utf-8")).names[0] == "html"
    assert not list(Path(written).parent.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["q11"], "no study called 'q11' has results"),
        (["q2"], "study 'q2' has no trained trial yet. Start with 'tuner search q2'."),
        (["q10", "--lab"], "--lab is about all studies"),
        (["--results", "none"], "there are no results yet"),
        (["q10", "--output", "."], "cannot write the report to '.': it is a folder"),
        (["q10", "--output", "tuner-results/tuner.db/x"], "cannot write the report"),
    ],
)
def test_what_a_user_got_wrong_is_one_line(arguments, said, results, capsys):
    assert main(["report", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert len(shown.err.splitlines()) == 1


def test_neither_analysis_nor_the_command_imports_tensorflow_or_keras(results):
    code = (
        "import sys, analysis, analysis.figures, analysis.report\n"
        "from tuner.cli import main\n"
        "codes = [main(['report', *a]) for a in (['q10'], [], ['--lab'])]\n"
        "heavy = [m for m in sys.modules if m.partition('.')[0] in "
        "('tensorflow', 'keras', 'keras_tuner', 'jax', 'torch')]\n"
        "print(codes, heavy, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.stderr.splitlines() == ["[0, 0, 0] []"]
