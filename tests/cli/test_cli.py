"""The command line as a whole: help, mistakes, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from tuner import api, cli
from tuner.cli import main
from tuner.errors import DataError

HEAVY = ("tensorflow", "keras", "keras_tuner", "optuna", "rich", "pandas", "numpy", "pydantic")
ROOT = Path(__file__).parents[2]


def python(code: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["--version"], ["serch"]])
def test_help_imports_nothing_heavy(arguments):
    heavy = (
        HEAVY if "serch" not in arguments else HEAVY[:-1]
    )  # a suggestion reads tuner.specs.files
    ran = python(
        "import sys; from tuner.cli import main\n"
        f"main({arguments}); print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    assert ran.stderr.splitlines()[-1] == "[]"


def test_every_verb_has_help(capsys):
    for verb in cli.cli.list_commands(click.Context(cli.cli)):
        assert main([verb, "--help"]) == 0
        assert "Usage: tuner " + verb in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serch", "q10"], "did you mean 'search'?"),
        (["search", "q10", "--trails", "3"], "Did you mean '--trials'?"),
        (["search", "q11"], "did you mean 'q10'?"),
        (["search", "q10", "--sampler", "tpee"], "did you mean 'tpe'?"),
        (["search", "q10", "--minimize", "mac"], "did you mean 'macs'?"),
        (["search", "q10", "--target", "75"], "for 75 % write 0.75"),
        (["search", "q10", "--target", "0"], "must be above 0 and below 1, but got 0"),
        (["search", "q10", "--margin", "0.5"], "must be at least 0 and below 0.5"),
        (["search", "q10", "--timeout", "soon"], "a time is written 90, 30m"),
        (["search", "q10", "--workers", "-1"], "must be 'auto' or a number, 0 for workers started"),
        (["search", "q10", "--more", "0"], "0 is not in the range x>=1"),
        (["worker", "q10"], "there are no results yet"),
        (["search", "q10", "--trials", "0"], "must be 'auto' or at least 1, but got '0'"),
        (["search"], "Missing argument 'STUDY'"),
        (["completion", "bsh"], "did you mean 'bash'?"),
        (["spaces", "resnt"], "did you mean 'resnet'?"),
        (["status", "q10"], "there are no results yet"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(arguments, said, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ")
    assert len(captured.err.splitlines()) == 1
    assert said in captured.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("cat.png: not an image."), "Error: cat.png: not an image.\n"),
        (OSError(28, "No space left on device", "/x"), "Error: No space left on device: /x.\n"),
        (KeyError("odd"), "Error: unexpected KeyError: 'odd'; run it again with --debug"),
    ],
)
def test_whatever_is_raised_is_one_line(error, said, capsys, monkeypatch):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(api, "search", fail)
    assert main(["search", "q10"]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert main(["search", "q10", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_outside_a_search_is_130(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "search", interrupt)
    assert main(["search", "q10"]) == 130


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize("how", ["--csv", "--json", "--all", "--help"])
def test_a_reader_that_goes_away_is_no_error(results, how):
    code = f"import sys; from tuner.cli import main; sys.exit(main(['trials','q10','{how}']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=results.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert said == b""


MISPLACED = "postgresql://me:sesame@127.0.0.1:1/studies?sslpassword=sesame"


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", MISPLACED],
        ["best", MISPLACED],
        ["search", MISPLACED],
        ["report", MISPLACED],
        ["status", "q10", MISPLACED],
        ["dashboard", MISPLACED],
        ["search", "q10", "--target", MISPLACED],
        ["search", "q10", "--data", "shapes10", "--warm-start", MISPLACED],
        ["search", "q10", "--data", MISPLACED],
        ["status", "--results", MISPLACED],
        ["status", "q10", "--results", MISPLACED],
        ["status", "--storage", f"journal:{MISPLACED}"],
        ["search", "q10", "--data", "shapes10", "--storage", f"journal:{MISPLACED}"],
        ["status", "--storage", f"'{MISPLACED}'"],
        [MISPLACED],
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_a_password_typed_where_it_does_not_belong_is_not_echoed(arguments, debug, results, capsys):
    code = main([*arguments, *["--debug"] * debug])
    said = capsys.readouterr()
    assert code == 2
    assert "sesame" not in said.out + said.err


@pytest.mark.parametrize("verb", ["status", "search", "best"])
def test_an_empty_storage_is_not_the_one_that_is_usual(verb, results, capsys):
    assert main([verb, "q10", "--storage", ""]) == 2
    assert "--storage is empty; give a URL such as" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.parametrize("typed", ["'status'", "'trials', 'q10', '--csv'", "'--help'"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_named(typed, unbuffered, results):
    code = f"import sys; from tuner.cli import main; sys.exit(main([{typed}]))"
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=results.parent,
            env={
                "PYTHONPATH": str(ROOT),
                "PATH": "/usr/bin:/bin",
                "PYTHONUNBUFFERED": unbuffered,
            },
        )
    said = "Error: cannot write what is asked for: standard output: No space left on device.\n"
    assert (ran.returncode, ran.stderr) == (2, said)


def test_the_module_runs_as_well():
    ran = subprocess.run(
        [sys.executable, "-m", "tuner", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.stdout.startswith("tuner ")
