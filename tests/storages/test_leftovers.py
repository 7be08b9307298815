"""What killed processes leave in a study's folder, and what is not to be touched."""

from __future__ import annotations

import io
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tuner.records.keys import StudyKey, TrialKey
from tuner.storages import claims, leftovers
from tuner.storages.artifacts import artifact_store
from tuner.trials.artifacts import NotingStore


@pytest.fixture
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(study_name="s")
    made.set_user_attr(StudyKey.STUDY, {"minimize": "size"})
    made.set_user_attr(StudyKey.PROVE, "none")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "s"


def begun(study: optuna.Study, folder: Path) -> optuna.Trial:
    """A running trial with every file that its process may leave."""
    trial = study.ask()
    trial.suggest_int("width", 1, 100)
    claims.claim(trial)
    name = f"trial-{trial.number:04d}.keras"
    trial.set_user_attr(TrialKey.MODEL_FILE, name)
    stem = leftovers.trial_stem(trial.user_attrs.get(TrialKey.RETRY_OF, trial.number))
    for file in (name, f".{name}.part.keras", *checkpoints(stem)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return trial


def checkpoints(stem: str) -> tuple[str, str]:
    return f"checkpoints/{stem}.npz", f"checkpoints/.{stem}.npz.123.part.npz"


def end(study: optuna.Study, trial: optuna.Trial, outcome: str = "reached") -> None:
    trial.set_user_attr(TrialKey.OUTCOME, outcome)
    study.tell(trial, 5.0)


def files(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def test_a_running_trials_files_are_its_own(study: optuna.Study, folder: Path) -> None:
    begun(study, folder)
    before = files(folder)
    leftovers.clear(study, folder)
    assert files(folder) == before and len(before) == 4


def test_of_a_trial_that_has_ended_its_model_is_kept(study: optuna.Study, folder: Path) -> None:
    end(study, begun(study, folder))
    leftovers.clear(study, folder)
    assert "trial-0000.keras" in files(folder)
    assert not files(folder / "checkpoints")


def test_of_a_lost_trial_the_checkpoint_is_kept_until_another_has_gone_on(
    study: optuna.Study, folder: Path
) -> None:
    assert claims.abandon(study, begun(study, folder), "its worker died")
    leftovers.clear(study, folder)  # queues it as well
    assert "checkpoints/trial-0000.npz" in files(folder)
    again = begun(study, folder)
    assert again.user_attrs[TrialKey.RETRY_OF] == 0
    leftovers.clear(study, folder)
    assert set(checkpoints("trial-0000")) < files(folder)
    end(study, again)
    leftovers.clear(study, folder)
    assert files(folder) == {"trial-0001.keras"}


JUDGED = {
    "trial": 1,
    "verdict": "certified",
    "target": 0.5,
    "level": 0.95,
    "look": 1,
    "left": 0.01,
    "test_size": 100,
    "accuracy": 0.8,
    "bound": 0.7,
}


@pytest.mark.parametrize(
    ("outcome", "judged", "proving", "kept"),
    [
        ("reached", False, False, True),  # it may be proven yet
        ("reached", True, True, True),  # its proof has died before it said that it ended
        ("reached", True, False, False),
        ("missed", False, False, False),
        ("missed", False, True, False),
    ],
)
def test_a_proof_finds_the_checkpoint_that_it_goes_on_from(
    outcome: str, judged: bool, proving: bool, kept: bool, study: optuna.Study, folder: Path
) -> None:
    study.set_user_attr(StudyKey.PROVE, "model")
    if judged:
        study.set_user_attr(f"{StudyKey.MODEL_CERTIFICATE}1", JUDGED)
    assert claims.abandon(study, begun(study, folder), "its worker died")
    claims.requeue(study)
    end(study, begun(study, folder), outcome)
    leftovers.clear(study, folder, proving=proving)
    assert ("checkpoints/trial-0000.npz" in files(folder)) == kept
    # A proof writes to the model of the trial that it proves.
    assert (".trial-0001.keras.part.keras" in files(folder)) == proving


def test_another_programs_files_are_left_alone(study: optuna.Study, folder: Path) -> None:
    end(study, begun(study, folder))
    others = {"notes.txt", "trial-0007.keras", "checkpoints/trial-0007.npz", "checkpoints/mine"}
    for name in others:
        (folder / name).touch()
    leftovers.clear(study, folder)
    assert others < files(folder)


def test_a_certificates_model_is_kept_under_the_name_of_its_lost_training(
    study: optuna.Study, folder: Path
) -> None:
    study.set_user_attr(StudyKey.CERTIFIES, "main")
    cell = {TrialKey.CELL: {"trial": 3, "training": 1}, TrialKey.DATA: "d", TrialKey.SEED: 1}
    name, stem = "certificate-0003-1.keras", "certificate-0003-1"
    study.enqueue_trial({"width": 3}, user_attrs=cell)
    for last in (False, True):
        trial = study.ask()
        trial.suggest_int("width", 1, 100)
        claims.claim(trial)
        assert leftovers.certificate_stem(trial.user_attrs[TrialKey.CELL]) == stem
        trial.set_user_attr(TrialKey.MODEL_FILE, name)
        for file in (name, *checkpoints(stem)):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).touch()
        if last:
            end(study, trial)
        else:
            assert claims.abandon(study, trial, "its worker died")
        leftovers.clear(study, folder)
        expected = {name} if last else {name, *checkpoints(stem)}
        assert files(folder) == expected


def test_an_artifact_that_no_trial_shows_is_removed(study: optuna.Study, folder: Path) -> None:
    results = folder.parent
    trial, shown = begun(study, folder), results / "model"
    shown.write_text("a model")
    store = NotingStore(artifact_store(results), trial)
    shown_id = optuna.artifacts.upload_artifact(
        artifact_store=store, file_path=str(shown), study_or_trial=trial
    )
    store.write("killed-after-this", io.BytesIO(b"an image"))
    (results / "artifacts" / "of another study").touch()
    leftovers.clear(study, folder)
    assert files(results / "artifacts") == {shown_id, "killed-after-this", "of another study"}
    assert claims.abandon(study, trial, "its worker died")
    leftovers.clear(study, folder)
    assert files(results / "artifacts") == {shown_id, "of another study"}


def test_nothing_that_waits_is_lost(study: optuna.Study, folder: Path) -> None:
    assert claims.abandon(study, begun(study, folder), "its worker died")
    leftovers.clear(study, folder)
    (waiting,) = study.get_trials(states=[TrialState.WAITING])
    assert waiting.user_attrs[TrialKey.RETRY_OF] == 0
