"""The model that is certified, continued or trained again is the one that was searched."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from tests.helpers import tiny
from tuner import certify, load_study, search
from tuner.errors import StudyChangedError
from tuner.records.keys import StudyKey, TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.result import Result
from tuner.storages import claims

HIDDEN = 'x = keras.layers.Dense(width, activation="relu")(x)'
MORE = HIDDEN + "\n        x = keras.layers.Dense(64)(x)"
OTHER = HIDDEN.replace("relu", "tanh")


def searched(folder: Path) -> Result:
    tiny.write(folder)
    return search(
        str(folder / "tiny.toml"), results=folder / "out", trials=2, workers=1, prove="none"
    )


def edit(folder: Path, new: str) -> None:
    space = folder / "space.py"
    text = space.read_text()
    assert HIDDEN in text
    space.write_text(text.replace(HIDDEN, new))


@pytest.mark.slow
def test_an_edited_space_is_neither_certified_nor_searched_on(tmp_path: Path) -> None:
    result = searched(tmp_path)
    best = result.best
    assert best is not None
    edit(tmp_path, OTHER)
    with pytest.raises(StudyChangedError, match=r"^study 'tiny': the code of its search space"):
        certify(result.record.name, results=tmp_path / "out", workers=1)
    with pytest.raises(StudyChangedError, match="code of its search space"):
        search(str(tmp_path / "tiny.toml"), results=tmp_path / "out", more=1, workers=1)
    assert not StudyRecord.of(load_study(result.record.name, results=tmp_path / "out")).certificates


@pytest.mark.slow
def test_another_size_is_noticed_where_the_source_says_nothing(tmp_path: Path) -> None:
    result = searched(tmp_path)
    edit(tmp_path, MORE)
    study = load_study(result.record.name, results=tmp_path / "out")
    study.set_user_attr(StudyKey.SOURCE_HASH, None)  # as a study has it that knew of no sources
    best = result.best
    assert best is not None and best.size is not None
    with pytest.raises(
        StudyChangedError,
        match=f"^trial {best.number} of study 'tiny' was a model of {best.size:,} trainable",
    ):
        certify(result.record.name, results=tmp_path / "out", workers=1)


def test_a_lost_trial_says_what_it_was() -> None:
    study = optuna.create_study()
    study.set_user_attr(StudyKey.SCHEMA, 2)
    trial = study.ask({"width": optuna.distributions.IntDistribution(1, 9)})
    for key, value in ((TrialKey.SIZE, 77), (TrialKey.TOTAL_SIZE, 80), (TrialKey.MACS, 900)):
        trial.set_user_attr(key, value)
    claims.abandon(study, trial, "its worker died")
    claims.requeue(study)
    (again,) = study.get_trials(states=[optuna.trial.TrialState.WAITING])
    assert again.user_attrs[TrialKey.EXPECTED] == {"size": 77, "total_size": 80, "macs": 900}
