"""Whatever a user's own code raises is told as theirs, and is no trouble of the storage's."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from optuna.trial import TrialState

from tests.helpers import tiny
from tests.trials.test_kinds import search_in
from tuner.errors import SpaceError
from tuner.records.keys import TrialKey
from tuner.storages import claims
from tuner.trials.checks import counted
from tuner.trials.run import run

L = keras.layers

RAISED: dict[str, tuple[BaseException, str]] = {
    "a missing file": (FileNotFoundError(2, "No such file", "w.h5"), "FileNotFoundError: .*w.h5"),
    "a full disk": (OSError(28, "No space left on device"), "OSError: .*No space left"),
    "a service": (ConnectionError("the watcher is away"), "ConnectionError: the watcher is away"),
    "time": (TimeoutError("no licence"), "TimeoutError: no licence"),
    "a pipe": (BrokenPipeError(32, "Broken pipe"), "BrokenPipeError: .*Broken pipe"),
    "a database": (sqlite3.OperationalError("is locked"), "OperationalError: is locked"),
    "anything": (RuntimeError("no such layer"), "RuntimeError: no such layer"),
    "an exit": (SystemExit("bye"), "SystemExit: bye"),
    "a good exit": (SystemExit(0), "SystemExit: 0"),
}


class Raising(keras_tuner.HyperModel):  # type: ignore[misc]
    """Raises in one of the places in which a user's code runs."""

    def __init__(self, place: str, error: BaseException) -> None:
        super().__init__()
        self.place = place
        self.error = error

    def build(self, hp: Any) -> Any:
        hp.Int("width", 1, 64)
        if self.place == "build":
            raise self.error
        made = keras.Sequential([L.Input((8, 8, 1)), L.Flatten(), L.Dense(3)])
        made.compile("adam", self.loss, metrics=["accuracy"])
        return made

    def loss(self, labels: Any, scores: Any) -> Any:
        raise self.error


@pytest.mark.parametrize("name", RAISED)
def test_an_error_in_build_is_the_trials(name: str, tmp_path: Path) -> None:
    error, told = RAISED[name]
    work = search_in(tmp_path)
    for dataset in work.spaces:
        work.spaces[dataset] = Raising("build", error)  # type: ignore[index]
    assert run(work.study.ask(), work) == "failed"
    (trial,) = work.study.trials
    assert trial.state == TrialState.FAIL
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(trial.user_attrs[TrialKey.ERROR])


def always(labels: Any, scores: Any) -> Any:
    return keras.ops.ones_like(scores[:, 0])


class Always(keras.metrics.CategoricalAccuracy):
    def result(self) -> Any:
        return 0.0 * super().result() + 1.0


@pytest.mark.parametrize("metric", [always, Always], ids=["function", "class"])
def test_an_accuracy_that_the_predictions_do_not_have_meets_nothing(
    metric: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Boasting(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            units = hp.Int("width", 1, 64)
            made = keras.Sequential(
                [L.Input((8, 8, 1)), L.Rescaling(0.001), L.Flatten(), L.Dense(units), L.Dense(3)]
            )
            said = metric if metric is always else metric(name="any")
            made.compile(keras.optimizers.SGD(1e-6), "mse", metrics=[said])
            return made

    monkeypatch.setattr(always, "__name__", "accuracy")
    work = search_in(tmp_path, target=0.9)
    for dataset in work.spaces:
        work.spaces[dataset] = Boasting()  # type: ignore[index]
    claims.claim(trial := work.study.ask())
    with pytest.raises(SpaceError, match=r"reports an accuracy of 100.0 %, but its predictions"):
        run(trial, work)


def test_images_that_a_layer_cannot_work_with_are_named() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = L.Conv2D(4, 3)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    images = tiny.images()["x_train"][:1]
    with pytest.raises(
        SpaceError, match=r"whole numbers \(uint8\): .*; begin it with Rescaling"
    ) as told:
        counted(Own(), images)
    assert "numpy" not in str(told.value)
    assert counted(Own(), images.astype(np.float32)).size == 40
