"""Arrays of a notebook's variables, as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tuner import data
from tuner.data.sources import held
from tuner.data.sources.set_aside import divided
from tuner.errors import DataError

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 255, (400, 4, 4, 1)).astype("uint8")
Y = np.arange(400) % 4


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path))


@pytest.mark.parametrize(
    "given",
    [
        (X[:300], Y[:300], X[300:], Y[300:]),
        [X[:300], Y[:300], X[300:], Y[300:]],
        ((X[:300], Y[:300]), (X[300:], Y[300:])),
        {"x_train": X[:300], "y_train": Y[:300], "x_test": X[300:], "y_test": Y[300:]},
        {"X_train": X[:300], "train_labels": Y[:300], "x_test": X[300:], "y_test": Y[300:]},
        (X[:300], pd.Series(Y[:300]), X[300:].tolist() and X[300:], list(Y[300:])),
        (X[:300], np.eye(4)[Y[:300]], X[300:], np.eye(4)[Y[300:]]),
    ],
)
def test_the_usual_forms_are_one_data_set(given: Any) -> None:
    found = data.resolve(held.hold(given))
    assert (found.train_size + found.validation_size, found.test_size) == (300, 100)
    assert np.array_equal(found.test()[0], X[300:]) and np.array_equal(found.test()[1], Y[300:])
    assert found.name == data.resolve(held.hold((X[:300], Y[:300], X[300:], Y[300:]))).name


def test_other_arrays_have_another_name() -> None:
    names = {held.hold((X, Y)), held.hold((X, (Y + 1) % 4)), held.hold((X[::-1], Y))}
    assert len(names) == 3


def test_they_are_found_again_in_the_cache_alone() -> None:
    name = held.hold((X, Y))
    first = data.resolve(name)
    held.release()
    assert data.resolve(name).hash == first.hash
    assert data.open_again(name, first.hash).folder == first.folder
    with pytest.raises(DataError, match="were arrays of a notebook or a script, which are no"):
        data.resolve("arrays-0123456789abcdef")


def test_a_share_is_set_aside_of_each_class() -> None:
    found = data.resolve(held.hold((X, Y), test_split=0.2))
    assert found.test_size == 80
    assert np.bincount(found.test()[1]).tolist() == [20, 20, 20, 20]
    assert found.notes[0].startswith("data has no test examples: 80 of 400 are set aside")
    kept, aside = divided(Y, 0.2, 0)
    assert sorted([*kept, *aside]) == list(range(400))
    assert np.array_equal(np.sort(found.test()[0], axis=0), np.sort(X[aside], axis=0))


def test_frames_of_numbers_are_taken() -> None:
    frame = pd.DataFrame(
        {"age": RANDOM.random(400), "old": Y > 1, "rooms": pd.array(Y, dtype="Int64")}
    )
    names = pd.Series(np.array(["a", "b", "c", "d"])[Y], dtype="category")
    found = data.resolve(held.hold((frame, names)))
    assert found.kind.shape == (3,) and found.kind.dtype == "float32"
    assert found.classes == ("a", "b", "c", "d")


def test_several_inputs_and_weights_are_divided_alike() -> None:
    x = {"image": X, "age": np.arange(400.0)}
    given = {"x": x, "y": Y, "sample_weight_train": np.arange(400.0) + 1}
    found = data.resolve(held.hold(given))
    parts, answers = found.test()
    ages = parts["age"].ravel().astype(int)
    assert np.array_equal(Y[ages], answers)
    assert np.array_equal(parts["image"], X[ages])
    weights = found.weights("test")
    assert weights is not None and np.array_equal(weights, ages + 1.0)


def test_amounts_are_divided_too() -> None:
    found = data.resolve(held.hold((X.astype("float32") / 255, RANDOM.random(400))))
    assert (found.task, found.test_size) == ("regression", 40)
