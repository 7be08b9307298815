"""A project of Keras Tuner's as a warm start, and a search in this very process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tuner import SmallestModel, load_study, search
from tuner.data.kinds import kind_of
from tuner.errors import StudyChangedError, UsageError
from tuner.objectives.metrics import DEFAULT_METRIC
from tuner.objectives.quantities import DEFAULT_QUANTITY
from tuner.records.keys import SHORTFALL, StudyKey
from tuner.spaces.exploration import explore
from tuner.spaces.fitted import Fitted, Wanted
from tuner.storages import foreign
from tuner.workers import foreign as workers_foreign

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

RANDOM = np.random.default_rng(0)
X = RANDOM.random((300, 4)).astype("float32")
Y = (X[:, 0] > 0.5).astype("int64")


def build_model(hp: Any) -> Any:
    model = keras.Sequential([keras.Input((4,))])
    model.add(keras.layers.Dense(hp.Int("units", 2, 16, default=8), activation="relu"))
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile(
        keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("theirs")
    tuner = keras_tuner.RandomSearch(
        build_model, "val_accuracy", max_trials=3, directory=folder, project_name="old", seed=1
    )
    tuner.search(X, Y, epochs=2, validation_split=0.2, verbose=0)
    return str(folder / "old")


def test_its_trials_are_read_the_best_first(project: str) -> None:
    found = foreign.read(project, DEFAULT_METRIC)
    measured = [trial["measured"] for trial in found]
    assert len(found) == 3 and measured == sorted(measured, reverse=True)
    assert all(2 <= trial["values"]["units"] <= 16 for trial in found)
    assert foreign.is_project(project) and not foreign.is_project("q4")


def test_a_project_without_trials_is_refused(tmp_path: Path) -> None:
    (tmp_path / "oracle.json").write_text("{}")
    with pytest.raises(UsageError, match="of which no trial measured val_accuracy"):
        foreign.read(str(tmp_path), DEFAULT_METRIC)


def test_a_search_in_this_process_begins_with_them(
    project: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []

    def build_here(hp: Any) -> Any:
        seen.append(os.getpid())
        return build_model(hp)

    given: dict[str, Any] = {
        "data": (X, Y),
        "target": 0.6,
        "margin": 0.0,
        "horizon": 3,
        "trials": 2,
        "name": "mine",
        "results": tmp_path,
        "prove": "none",
        "in_process": True,
        "warm_start": project,
    }
    result = search(build_here, **given)
    assert result.status == "met" and set(seen) == {os.getpid()}
    assert result.record.warm_start == (project, 3)
    assert "warm start: 3 trials of" in capsys.readouterr().out

    study = load_study("mine", results=tmp_path)
    space = Fitted(build_model, Wanted(), "build_model")
    evidence = workers_foreign.evidence(study, space, explore(space), DEFAULT_QUANTITY, kind_of(X))
    values = [trial["values"] for trial in study.user_attrs[StudyKey.WARM_START]["read"]]
    assert [trial.params for trial in evidence] == values
    sizes = [4 * v["units"] + v["units"] + 2 * v["units"] + 2 for v in values]
    assert [trial.value for trial in evidence] == sizes
    assert all(SHORTFALL in trial.constraints for trial in evidence)
    assert "build_here" in study.user_attrs[StudyKey.SPACE_SOURCE]

    def build_here(hp: Any) -> Any:  # type: ignore[no-redef]
        seen.append(0)
        return build_model(hp)

    with pytest.raises(StudyChangedError, match="the function 'build_here', or something that"):
        search(build_here, **given)


def test_an_error_of_the_function_is_raised_as_it_is(tmp_path: Path) -> None:
    def build_wrong(hp: Any) -> Any:
        if hp.Int("units", 2, 16) > 2:
            raise RuntimeError("mine")
        return build_model(hp)

    with pytest.raises(RuntimeError, match="mine"):
        search(
            build_wrong,
            data=(X, Y),
            target=0.99,
            horizon=1,
            trials=8,
            results=tmp_path,
            prove="none",
            in_process=True,
        )


def test_keras_tuners_manners_are_kept_with_callbacks(tmp_path: Path) -> None:
    class Stop(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            print("an epoch ended", epoch)

    tuner = SmallestModel(
        build_model, target=0.55, max_trials=1, directory=tmp_path, in_process=True, prove="none"
    )
    result = tuner.search(X, Y, epochs=2, validation_split=0.2, callbacks=[Stop()], verbose=0)
    assert result.record.trained
    with pytest.raises(StudyChangedError, match=r"of SmallestModel or of its search \(batch_size"):
        tuner.search(X, Y, epochs=2, validation_split=0.2, class_weight={0: 1.0, 1: 2.0})
    again = SmallestModel(build_model, target=0.55, directory=tmp_path, overwrite=True)
    with pytest.raises(UsageError, match="holds no results: run search"):
        again.reload()
