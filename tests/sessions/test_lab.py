"""What of the lab is complete, what is trained, and what is refused before hours are spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from analysis.lab import programme
from analysis.lab.programme import Part, chosen
from tests.helpers import fakes, images
from tuner.cli import main
from tuner.data import resolve
from tuner.errors import DataUnavailableError, StudyChangedError, UsageError
from tuner.records.keys import StudyKey
from tuner.sessions import lab as module
from tuner.sessions.lab import Lab, LabWish, sources
from tuner.sessions.watcher import Silent
from tuner.specs.files import read_study
from tuner.storages.opening import default_url, open_storage

TRIALS = programme.TRIALS["q2"]


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "cache"))
    return images.write_npz(tmp_path / "toys.npz")


def lab(folder: Path, toys: str, *questions: str, **more: Any) -> Lab:
    return Lab(LabWish(chosen(questions), (toys, f"mnist={toys}"), None, folder / "out", **more))


def stored(folder: Path, name: str, spec: dict[str, Any]) -> optuna.Study:
    (folder / "out").mkdir(exist_ok=True)
    storage = open_storage(default_url(folder / "out"))
    return fakes.make_study(name, storage=storage, spec=spec, data="toys")


def test_a_search_is_complete_with_its_trials_and_its_proofs(tmp_path: Path, toys: str) -> None:
    part = Part("q2")
    study = stored(tmp_path, "q2@toys", read_study("q2").model_dump())
    study.set_user_attr(StudyKey.PROVE, "both")
    made = lab(tmp_path, toys, "q2")
    assert made.name(part) == "q2@toys"
    for _ in range(TRIALS - 1):
        fakes.add_trial(study, "missed", 9_000, 0.4)
    assert made.missing() == [part]
    fakes.add_trial(study, "reached", 8_000, 0.47)
    assert made.missing() == [part], "nothing is proven yet"
    fakes.add_model_certificate(study, TRIALS - 1)
    assert made.missing() == [part], "the recipe is not"
    fakes.add_certificate(study, TRIALS - 1, [0.46, 0.47, 0.46], certified=False)
    assert made.missing() == [], "refuted is an answer too"


def test_a_search_that_met_nothing_is_complete_without_a_proof(tmp_path: Path, toys: str) -> None:
    study = stored(tmp_path, "q2@toys", read_study("q2").model_dump())
    for _ in range(TRIALS):
        fakes.add_trial(study, "missed", 9_000, 0.4)
    assert lab(tmp_path, toys, "q2").missing() == []


def test_a_sweep_is_complete_with_its_grid(tmp_path: Path, toys: str) -> None:
    study = stored(tmp_path, "q7@toys", read_study("q7").model_dump())
    made = lab(tmp_path, toys, "q7")
    for _ in range(9):
        assert made.missing() == [Part("q7")]
        fakes.add_trial(study, "missed", 9_000, 0.4, **{"cell": {"dropout": 0.0}})
    assert made.missing() == []


def test_a_study_that_is_another_by_now_is_refused_at_once(tmp_path: Path, toys: str) -> None:
    spec = {**fakes.SWEEP_SPEC, "name": "q3", "data": ["mnist", "cifar10"], "grid": {}}
    stored(tmp_path, "q3@toys", spec)
    with pytest.raises(StudyChangedError, match=r"it was a sweep .* and is a search now"):
        lab(tmp_path, toys, "q3")
    stored(tmp_path, "q4@toys", {**read_study("q4").model_dump(), "horizon": 9})
    with pytest.raises(StudyChangedError, match="key 'horizon' was 9"):
        lab(tmp_path, toys, "q5")


def test_repetitions_stand_beside_the_first_with_seeds_of_their_own(
    tmp_path: Path, toys: str
) -> None:
    made = lab(tmp_path, toys, "q6")
    assert made.name(Part("q6", 2)) == "q6-seed-2@toys"
    wish = made._wish(Part("q6", 2))
    assert (wish.seed, wish.prove, wish.trials) == (2, "model", programme.TRIALS["q6"])


def test_without_mnist_the_other_questions_are_named(
    tmp_path: Path, toys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = resolve(toys)

    def gone(source: str) -> Any:
        if source == "mnist":
            raise DataUnavailableError("MNIST is not here.")
        return there

    monkeypatch.setattr(module, "resolve", gone)
    with pytest.raises(DataUnavailableError, match=r"--data mnist=FOLDER, .*: tuner lab q2 q4 q5"):
        module.find_data(chosen([]), {"cifar10": toys})
    with pytest.raises(DataUnavailableError, match=r"--data mnist=FOLDER\.$"):
        module.find_data(chosen(["q3"]), {})
    assert module.find_data(chosen(["q4"]), {}) == {"cifar10": there}


def test_the_lab_is_about_images(tmp_path: Path, toys: str) -> None:
    numbers = np.random.default_rng(0).random((40, 7), np.float32)
    answers = np.arange(40) % 2
    file = tmp_path / "table.npz"
    np.savez(file, x_train=numbers, y_train=answers, x_test=numbers, y_test=answers)
    with pytest.raises(UsageError, match=r"about images in classes, but .*table.npz' holds"):
        module.find_data(chosen(["q2"]), {"cifar10": str(file)})


def test_a_data_set_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "cifar10").mkdir()
    with pytest.raises(UsageError, match="gives cifar10 twice"):
        sources([str(tmp_path), "cifar10=elsewhere"])


def test_when_the_time_is_up_nothing_is_begun(tmp_path: Path, toys: str) -> None:
    made = lab(tmp_path, toys, "q2", timeout=1e-9)
    assert made.train(Part("q2"), Silent()) is False


@pytest.mark.slow
def test_a_question_is_answered_by_one_command(
    tmp_path: Path, toys: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(programme.TRIALS, "q2", 2)
    monkeypatch.setenv("TUNER_TRY_EXPORT", "0")
    typed = ["lab", "q2", "--data", toys, "--no-live", "--workers", "1"]
    assert main(typed) == 0
    out = capsys.readouterr().out
    assert "[1 of 1] tuner search q2 --trials 2 --data" in out
    assert "\n2. A fully connected network: " in out
    assert "Time: " in out
    assert main(typed) == 0
    assert "[1 of" not in capsys.readouterr().out
