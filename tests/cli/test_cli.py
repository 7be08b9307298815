from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.helpers import fakes
from tuner import api, cli
from tuner.cli import main
from tuner.cli.options import complete_study, duration, fraction, repeated
from tuner.errors import DataError
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import CertificateResult, Result
from tuner.storages.opening import default_url, open_storage

HEAVY = ("tensorflow", "keras", "keras_tuner", "optuna", "rich", "pandas", "numpy", "pydantic")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder of the test's own, as wide as a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A storage file with a search, one on other data, a sweep and one that met nothing."""
    made = tmp_path_factory.mktemp("filled")
    storage = open_storage(default_url(made))
    fakes.add_running(fakes.make_search(storage))
    fakes.make_search(storage, "q4@shapes10", "shapes10")
    fakes.make_sweep(storage)
    fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.752)
    storage.close()
    return made / "tuner.db"


@pytest.fixture
def results(folder, filled) -> Path:
    """A results folder where a search expects it."""
    made = folder / "tuner-results"
    made.mkdir()
    shutil.copy(filled, made)
    return made


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
    for verb in cli._VERBS:
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
        (["search", "q10", "--workers", "0"], "must be 'auto' or at least 1"),
        (["search", "q10", "--trials", "0"], "0 is not in the range x>=1"),
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


def fake_search(status: str, seen: dict):
    def search(study, *, watcher, **options):
        seen.update(options, study=study)
        made = fakes.make_study() if status == "not_met" else fakes.make_search()
        record = StudyRecord.of(made)
        run = RunProgress(9, 0, 2, 10.0, None, "sqlite:///x.db")
        watcher.notice("CIFAR-10 is not here.", banner=True)
        watcher.started(record, run)
        watcher.updated(record, run)
        result = Result(status, record, run, Path("tuner-results/q10"), "tuner search q10")
        watcher.finished(result)
        return result

    return search


@pytest.mark.parametrize(
    ("status", "code"), [("met", 0), ("complete", 0), ("not_met", 1), ("interrupted", 130)]
)
@pytest.mark.parametrize("mode", [[], ["--json"], ["--no-live"]])
def test_search_ends_with_the_code_of_its_status(status, code, mode, capsys, monkeypatch):
    monkeypatch.setattr(api, "search", fake_search(status, {}))
    assert main(["search", "q10", *mode]) == code
    captured = capsys.readouterr()
    assert "CIFAR-10 is not here." in captured.err
    if mode == ["--json"]:
        events = [json.loads(line)["event"] for line in captured.out.splitlines()]
        assert events == ["notice", "started", "finished"]


def test_search_passes_on_what_was_typed(monkeypatch):
    seen: dict = {}
    monkeypatch.setattr(api, "search", fake_search("met", seen))
    line = (
        "search q10 --trials 7 --timeout 1h30m --data a --data b --workers 3 --seed 5 --target .7 "
        "--margin 0 --minimize macs --sampler tpe --pruner none --no-reference "
        "--no-certify --results r"
    )
    assert main(line.split()) == 0
    assert seen == {
        "study": "q10", "trials": 7, "more": None, "timeout": 5400.0, "data": ["a", "b"],
        "warm_start": None, "relabel": False, "workers": 3, "seed": 5, "target": 0.7, "margin": 0.0,
        "minimize": "macs",
        "sampler": "tpe", "pruner": "none", "reference": False, "certify": False,
        "results": Path("r"), "storage": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("accuracies", "certified", "interrupted", "code", "said"),
    [
        ([0.76, 0.761, 0.762], True, False, 0, "certified: 76.1% on the test images"),
        ([0.74, 0.741], False, False, 1, "the target could not be certified"),
        (None, False, True, 130, "the same command goes on"),
    ],
)
def test_certify_ends_with_its_verdict(
    monkeypatch, capsys, accuracies, certified, interrupted, code, said
):
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 4_218, 0.758, 18)
    if accuracies is not None:
        fakes.add_certificate(study, 0, accuracies, certified=certified)
    seen = {}

    def certify(name, **options):
        seen.update(options, study=name)
        record = StudyRecord.of(study)
        return CertificateResult(record.certificate if certified else None, record, interrupted)

    monkeypatch.setattr(api, "certify", certify)
    assert main(["certify", "q10", "--trial", "0", "--seeds", "3", "--data", "x"]) == code
    assert said in " ".join(capsys.readouterr().out.split())
    assert {k: seen[k] for k in ("study", "trial", "seeds", "data", "workers")} == {
        "study": "q10", "trial": 0, "seeds": 3, "data": "x", "workers": "auto",
    }  # fmt: skip


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
        "75.8%",
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


def test_studies_says_which_have_results(results, capsys):
    assert main(["studies"]) == 0
    out = capsys.readouterr().out
    assert "results: q4@shapes10" in out
    assert "sweep" in out


def test_studies_without_results_or_with_a_storage_that_is_not_there(capsys):
    assert main(["studies"]) == 0
    assert main(["studies", "--storage", "sqlite:///no/such/folder/x.db"]) == 0
    assert "Results are not shown" in capsys.readouterr().err


def test_a_storage_that_cannot_be_reached_hides_the_password(capsys):
    url = "nosuch://me:secret@host/name"
    assert main(["status", "q10", "--storage", url]) == 2
    captured = capsys.readouterr()
    assert "secret" not in captured.err
    assert len(captured.err.splitlines()) == 1


def test_data_lists_what_it_takes(capsys):
    assert main(["data"]) == 0
    assert "shapes10" in capsys.readouterr().out
    assert main(["data", "cifar1"]) == 2
    assert "did you mean cifar10" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell, capsys):
    assert main(["completion", shell]) == 0
    assert "_TUNER_COMPLETE" in capsys.readouterr().out


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


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize("how", ["--csv", "--json", "--all"])
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


def test_the_module_runs_as_well():
    ran = subprocess.run(
        [sys.executable, "-m", "tuner", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.stdout.startswith("tuner ")


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
