"""``tuner lab``: what it trains, in which order, and what it says and writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.lab import publishing
from tests.helpers import fakes, images, populated
from tuner.cli import main
from tuner.records.keys import StudyKey
from tuner.sessions import lab as sessions
from tuner.sessions.lab import Lab
from tuner.storages.opening import default_url, open_storage


@pytest.fixture
def toys(folder: Path) -> str:
    return images.write_npz(folder / "toys.npz")


@pytest.fixture(scope="module")
def lab_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab")
    storage = open_storage(default_url(made))
    populated.lab(storage, searched=8)
    storage.close()
    return made


def test_stored_answers_are_told_and_written(lab_file, folder, capsys):
    readme = folder / "README.md"
    readme.write_text(f"{publishing.BEGIN}\n{publishing.END}\n")
    typed = ["lab", "--stored", "--results", str(lab_file), "--output", "docs/lab.md"]
    assert main([*typed, "--readme", "README.md"]) == 0
    out = capsys.readouterr().out
    for number in range(1, 11):
        assert f"\n{number}. " in out
    assert "tuner search q4 --results" in out and "--name q4-seed-1 --seed 1" in out
    page = (folder / "docs/lab.md").read_text(encoding="utf-8")
    assert page.count("\n## ") == 10
    assert str(lab_file) not in page, "no folder of this machine's"
    assert (folder / "docs/images/lab/q9-minibatches.svg").exists()
    assert "| q2: " in readme.read_text(encoding="utf-8")
    assert out.splitlines()[-1] == "README.md"


def test_one_question_of_the_lab_alone(lab_file, capsys):
    assert main(["lab", "q7", "--stored", "--results", str(lab_file)]) == 0
    out = capsys.readouterr().out
    assert "7. What dropout does to training" in out and "\n6. " not in out


def test_what_has_not_been_run_is_code_1_and_named(folder, capsys):
    (folder / "tuner-results").mkdir()
    fakes.make_search(open_storage(default_url(folder / "tuner-results")))
    assert main(["lab", "q7", "q10", "--stored"]) == 1
    out = capsys.readouterr().out
    assert "Not run yet, so there is no answer. To run it:\n     tuner search q7\n" in out
    assert "4,218 trainable parameters" in out.partition("\n10. A residual network")[2]


@pytest.fixture
def trained(monkeypatch) -> list[str]:
    """What is trained, in its order; the third of them is interrupted the first time."""
    seen: list[str] = []

    def train(self: Lab, part, watcher) -> bool:
        seen.append(part.name)
        if len(seen) == 3:
            return False
        storage = open_storage(default_url(self.wish.results))
        spec = {**fakes.SPEC, "name": part.study}
        study = fakes.make_study(self.name(part), storage=storage, spec=spec)
        study.set_user_attr(StudyKey.PROVE, "none")
        for _ in range(part.trials or 27):
            fakes.add_trial(study, "missed", 3_000, 0.7, **{"cell": {"dropout": 0.0}})
        return True

    monkeypatch.setattr(Lab, "train", train)
    monkeypatch.setattr(Lab, "_check", lambda self, part: None)  # the fakes are of no study file
    return seen


def test_it_goes_on_where_it_was_stopped(trained, toys, capsys):
    typed = ["lab", "q5", "q10", "q8", "--data", toys]
    assert main(typed) == 130
    assert trained == ["q2", "q4", "q8"]
    assert "Stopped; the same command goes on with q8." in capsys.readouterr().out
    assert main(typed) == 0
    assert trained[3:] == ["q8", "q10", "q7", "q9", "q4-seed-1", "q8-seed-1", "q4-seed-2",
                           "q8-seed-2"]  # fmt: skip
    out = capsys.readouterr().out
    line = f"[1 of 8] tuner search q8 --trials 30 --data {toys}"
    assert line in out.splitlines()
    assert main(typed) == 0
    assert len(trained) == 11


def test_a_folder_with_both_data_sets_is_taken_apart(folder):
    (folder / "all" / "mnist").mkdir(parents=True)
    assert sessions.sources(["all"]) == {"mnist": str(Path("all") / "mnist")}
    (folder / "all" / "cifar10").mkdir()
    assert sessions.sources(["all"]) == {
        "cifar10": str(Path("all") / "cifar10"),
        "mnist": str(Path("all") / "mnist"),
    }
    assert sessions.sources(["mnist=a", "cifar10=b"]) == {"mnist": "a", "cifar10": "b"}
    assert sessions.sources(["else.npz"]) == {"cifar10": "else.npz"}
    assert sessions.sources(["mnist"]) == {"mnist": "mnist"}


def test_question_1_reads_the_data_and_trains_nothing(toys, capsys):
    assert main(["lab", "q1", "--data", toys, "--data", f"mnist={toys}"]) == 0
    out = capsys.readouterr().out
    assert "toys: each image is an array of shape" in out
    assert "[1 of" not in out
