"""What people do wrong in a notebook's cell: each is one clear line, before anything is trained."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from pathlib import Path
from typing import Any, NamedTuple

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest

from tuner import SmallestModel, search
from tuner.data.sources.set_aside import PLACES, bytes_of_copies
from tuner.errors import TunerError

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 255, (300, 4, 4, 1)).astype("uint8")
Y = np.arange(300) % 3
GOOD = (X[:240], Y[:240], X[240:], Y[240:])


def build_model(hp: Any) -> Any:
    raise AssertionError("nothing is built here")


def made_here() -> Any:
    def local(hp: Any) -> Any:
        return build_model(hp)

    return local


def holds_a_socket() -> Any:
    connection = socket.socket()

    def local(hp: Any) -> Any:
        return connection

    return local


def no_metric(y_true: Any, scores: Any) -> Any:
    return "high"


def local_metric() -> Any:
    lock = threading.Lock()

    def local(y_true: Any, scores: Any) -> float:
        return float(lock.locked())

    return local


class Tensor:
    """As torch has it, which is not installed for this."""

    __module__ = "torch"
    shape = (300, 4)


class Case(NamedTuple):
    given: dict[str, Any]
    said: str
    function: Any = build_model


TABLE = pd.DataFrame({"age": [1.0] * 300, "city": ["Rome"] * 300, "job": ["cook"] * 300})
MISSING = pd.DataFrame({"age": [1.0, np.nan] * 150})
CASES = {
    "no data": Case({"data": None}, "search needs data for a function"),
    "no target": Case({"target": None}, "search needs a target for a function"),
    "per cent": Case({"target": 90}, "target should be less than 1 but got 90; for 90 % write 0.9"),
    "a target of text": Case({"target": "high"}, "target should be a valid number"),
    "no epochs": Case({"horizon": 0}, "horizon should be greater than or equal to 1 but got 0"),
    "a name with a space": Case({"name": "my study"}, "name must be of letters, digits"),
    "an unknown metric": Case({"metric": "accuracey"}, "metric"),
    "an unknown quantity": Case({"minimize": "weight"}, "minimize"),
    "a model": Case({}, "search was given a Keras model", keras.Sequential()),
    "a number": Case({}, "search takes a study's name or file, or a function", 3),
    "None": Case({}, "search takes a study's name or file, or a function", None),
    "one array": Case({"data": X}, "data is one array, without answers: give (x_train"),
    "three arrays": Case({"data": (X, Y, X)}, "data is a tuple of 3: give (x_train"),
    "no arrays": Case({"data": ()}, "data is a tuple of 0: give (x_train"),
    "an empty dict": Case({"data": {}}, "data is an empty dict: give (x_train"),
    "a dict without answers": Case({"data": {"x_train": X}}, "data misses y_train, x_test, y_test"),
    "a frame alone": Case({"data": TABLE}, "data is a DataFrame: its columns may be both"),
    "text in a frame": Case(
        {"data": (TABLE, Y)}, "x_train is a DataFrame whose columns 'city', 'jo"
    ),
    "gaps in a frame": Case({"data": (MISSING, Y)}, "x_train is a DataFrame with 150 missing"),
    "a torch tensor": Case(
        {"data": (Tensor(), Y)}, "x_train is a torch tensor: give x_train.numpy"
    ),
    "a generator": Case({"data": ((x for x in X), Y)}, "x_train is a generator: give an array"),
    "a function as data": Case({"data": (build_model, Y)}, "x_train is a function: give an array"),
    "ragged lists": Case({"data": ([[1], [2, 3]], [0, 1])}, "x_train is no array ("),
    "a file within": Case({"data": ("x.npy", Y)}, "x_train is the text 'x.npy'"),
    "None within": Case({"data": (X, None)}, "y_train is None: give (x_train"),
    "lengths": Case({"data": (X, Y[:-1])}, "x_train has 300 examples and y_train 299 answers"),
    "a test of another shape": Case(
        {"data": (X, Y, X[:, :3], Y)}, "data: images of mixed size: training images are 4x4"
    ),
    "one class": Case({"data": (X, Y * 0)}, "data: only one class ('0')"),
    "a gap in the classes": Case({"data": (X, Y + 5)}, "data: "),
    "too few": Case({"data": (X[:100], Y[:100])}, "a share of 0.1 of 100 examples is"),
    "a share of all": Case({"data": (X, Y), "test_split": 1.0}, "test_split must lie between"),
    "a share besides tests": Case({"test_split": 0.2}, "test_split is 0.2, but data has test"),
    "answers of another kind": Case(
        {"data": (X[:240], Y[:240], X[240:], Y[240:] * 0.5)}, "data: y_train holds int64 and y_test"
    ),
    "black images": Case({"data": (X * 0, Y)}, "data: every training image is black"),
    "objects": Case({"data": (np.array([object()] * 300), Y)}, "x_train holds Python objects"),
    "workers that are elsewhere": Case({"workers": 0}, "local is a function of a", made_here()),
    "a socket": Case({}, "local cannot be sent to the workers, for it uses 'co", holds_a_socket()),
    "several workers here": Case({"in_process": True, "workers": 4}, "in_process=True is one"),
    "an unknown log": Case({"log": "wandb"}, "no log is called 'wandb'; there are: tensorboard"),
    "a study's horizon": Case({"horizon": 3}, "horizon is for a function", "q10"),
    "a metric without its direction": Case(
        {"metric": no_metric},
        "metric 'no_metric' needs metric_direction='maximize' or 'minimize', which way it gets ",
    ),
    "a metric that gets better upwards": Case(
        {"metric": no_metric, "metric_direction": "up"}, "metric 'no_metric' needs metric_direction"
    ),
    "a metric of Keras's": Case(
        {"metric": keras.metrics.AUC(), "metric_direction": "maximize"},
        "metric is the Keras metric AUC, which sees one batch after another: give a function of",
    ),
    "a loss of Keras's": Case(
        {"metric": keras.losses.Huber, "metric_direction": "minimize"},
        "metric is the Keras loss Huber, which sees one batch after another: give a function of",
    ),
    "a number as metric": Case({"metric": 3}, "metric is a int: give a function of (y_true, score"),
    "a class as metric": Case({"metric": Tensor}, "metric is the class Tensor: give a function of"),
    "a metric that returns text": Case(
        {"metric": no_metric, "metric_direction": "maximize", "in_process": True},
        "metric tests.sessions.test_misuses:no_metric must return a number but returned a str",
    ),
    "a metric that holds a lock": Case(
        {"metric": local_metric(), "metric_direction": "maximize"},
        "local cannot be sent to the workers, for it uses 'lock', a lock, which cannot be pickled",
    ),
    "a metric for workers that are elsewhere": Case(
        {"metric": local_metric(), "metric_direction": "maximize", "workers": 0},
        "local is a function of a notebook or a script, which cannot be sent to workers elsewhere:",
    ),
    "no such data": Case({"data": "./nowhere"}, "No data set './nowhere': give"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_misuse_is_one_line(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    given = {"data": GOOD, "target": 0.9, "results": tmp_path, **case.given}
    with pytest.raises(TunerError) as caught:
        search(case.function, **given)
    said = str(caught.value)
    assert said.startswith(case.said), said
    assert "\n" not in said and said.endswith("."), said
    assert not list(tmp_path.glob("**/*.keras"))


def test_there_are_many() -> None:
    assert len(CASES) >= 25


def test_arrays_for_which_the_cache_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = shutil.disk_usage(tmp_path)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    other = RANDOM.integers(0, 255, X.shape).astype("uint8")
    with pytest.raises(TunerError, match=r"The cache folder .* cannot be written"):
        search(build_model, data=(other, Y), target=0.9, results=tmp_path)


@pytest.mark.parametrize(
    ("kind", "tests", "said"),
    [
        ("uint8", False, "take 9.1 GB of memory, and 4.0 GB are free: take fewer examples, or"),
        ("float64", True, "take 35.8 GB of memory, and 4.0 GB are free: take fewer examples, or"),
        ("float64", False, "take 107.1 GB of memory, and 4.0 GB are free: take fewer examples"),
    ],
)
def test_arrays_that_memory_cannot_hold_twice(
    kind: str, tests: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.data.memory.available", lambda: int(4e9))
    many = 2_900_000
    x = np.broadcast_to(np.zeros(1, kind), (many, 32, 32, 3))  # which take some bytes
    y = np.broadcast_to(np.zeros(1, "uint8"), (many,))
    data = (x, y, X[:60], Y[:60]) if tests else (x, y)
    with pytest.raises(TunerError, match=said):
        search(build_model, data=data, target=0.9, results=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "shape", "copied"),
    [
        ("uint8", (100, 8, 8, 3), 0),
        ("float32", (100, 8), 0),
        (">f4", (100, 8), 100 * 8 * 4),
        ("float16", (100, 8), 100 * 8 * 4),
        ("uint8", (100, 8, 8, 4), 100 * 8 * 8 * 3),
    ],
)
def test_bytes_of_copies(kind: str, shape: tuple[int, ...], copied: int) -> None:
    x, y = np.zeros(shape, kind), np.zeros(100, int)
    orders = 100 * PLACES * 8
    tested = {"x_train": x, "y_train": y, "x_test": x, "y_test": y}
    assert bytes_of_copies(tested) == 2 * copied + orders
    divided = {"x_train": x, "y_train": y, "x_val": x, "y_val": y}
    assert bytes_of_copies(divided) == 2 * copied + x.nbytes + y.nbytes + orders
    assert bytes_of_copies({"x_train": x}) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "SmallestModel needs a target, as in target=0.9."),
        ({"target": 0.9, "executions_per_trial": 2}, "SmallestModel takes no 'executions_per_tri"),
        ({"target": 0.9, "colour": 2}, "SmallestModel takes no 'colour'; it takes workers,"),
        ({"target": 0.9, "objective": "val_loss"}, "objective must be one of val_accuracy, "),
        ({"target": 0.9, "objective": ["val_mae", "val_auc"]}, "objective must be one of val_accu"),
        (
            {"target": 0.9, "objective": keras_tuner.Objective("val_mae", "max")},
            "objective 'val_mae' has the direction 'min' but got 'max'.",
        ),
        (
            {"target": 0.9, "objective": "val_mae", "metric": "rmse"},
            "SmallestModel takes objective or metric but got both.",
        ),
        ({"target": 0.9, "metric": build_model}, "metric 'build_model' needs metric_direction="),
        (
            {"target": 0.9, "objective": keras_tuner.Objective("my_metric", "min")},
            "objective must be one of val_accuracy, ",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TunerError) as caught:
        SmallestModel(build_model, **given)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ("val_loss", "but got 'val_loss'; a loss has no value that a task asks for: name what"),
        ("val_mse", "but got 'val_mse'; val_rmse is its root, and so must the target be."),
        ("val_f1_score", "val_macro_f1 is its mean over the classes."),
        ("accuracy", "write val_accuracy, for it is measured on the validation examples."),
        (
            keras_tuner.Objective("val_mine", "max"),
            "but got 'val_mine'; metric= takes a function of (y_true, scores).",
        ),
    ],
)
def test_what_an_objective_should_be(objective: Any, said: str) -> None:
    with pytest.raises(TunerError, match=re.escape(said)):
        SmallestModel(build_model, target=0.9, objective=objective)


@pytest.mark.parametrize(
    ("objective", "metric"),
    [
        ("val_accuracy", "accuracy"),
        (keras_tuner.Objective("val_accuracy", "max"), "accuracy"),
        (keras_tuner.Objective("val_sparse_categorical_accuracy", "max"), "accuracy"),
        (keras_tuner.Objective("val_mae", "min"), "mae"),
        (keras_tuner.Objective("val_mean_absolute_error", "min"), "mae"),
        ("val_root_mean_squared_error", "rmse"),
        ("val_auc", "auc"),
        ("val_r2_score", "r2"),
    ],
)
def test_an_objective_that_a_metric_is(
    objective: Any, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("tuner.api.search", lambda *_, **given: asked.update(given))
    SmallestModel(build_model, target=0.9, objective=objective).search(X, Y)
    assert asked["metric"] == metric


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"y": None}, "search needs x and y"),
        ({"validation_split": 2.0}, "validation_split must lie between 0 and 1 but got 2."),
        ({"validation_split": 0.1, "validation_data": (X, Y)}, "search takes validation_data or"),
        ({"validation_data": X}, "validation_data must be (x, y) but is a ndarray."),
        ({"steps_per_epoch": 3}, "search takes no 'steps_per_epoch'; it takes class_weight"),
    ],
)
def test_arguments_of_fit_that_have_no_meaning(
    given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    tuner = SmallestModel(build_model, target=0.9, directory=tmp_path)
    with pytest.raises(TunerError) as caught:
        tuner.search(**{"x": X, "y": Y, **given})
    assert str(caught.value).startswith(said)


def test_epochs_are_said_once(tmp_path: Path) -> None:
    tuner = SmallestModel(build_model, target=0.9, max_epochs=9, directory=tmp_path)
    with pytest.raises(TunerError, match="search has epochs=3 and SmallestModel max_epochs=9"):
        tuner.search(X, Y, epochs=3)


def test_a_project_of_keras_tuners_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "oracle.json").write_text("{}")
    with pytest.raises(TunerError, match="is a project of Keras Tuner's: give another"):
        SmallestModel(build_model, target=0.9, directory=tmp_path, project_name="mine")
