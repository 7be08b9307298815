"""What of a space is not heeded is said."""

from __future__ import annotations

from typing import Any

import keras_tuner
import pytest

from tuner.spaces.unused import unused


class Plain(keras_tuner.HyperModel):
    def build(self, hp: Any) -> Any:
        raise NotImplementedError


class Fitting(Plain):
    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)


def test_a_plain_space_is_used_whole() -> None:
    assert unused(Plain(), ["width", "batch_size", "shift"]) == []


def test_a_fit_of_its_own_makes_of_hyperparameters_what_it_likes() -> None:
    (line,) = unused(Fitting(), ["epochs", "bs"])
    assert "models are trained by the fit() of Fitting" in line
    assert "initial_epoch" in line


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("batch-size", "batch_size"),
        ("Batch_Size", "batch_size"),
        ("bs", "batch_size"),
        ("mini_batch", "batch_size"),
        ("epoch", "horizon"),
        ("EPOCHS", "horizon"),
        ("nb_epochs", "horizon"),
        ("max_epochs", "horizon"),
    ],
)
def test_other_spellings_are_known(name: str, key: str) -> None:
    (line,) = unused(Plain(), [name])
    assert f"{name!r} does not change" in line and f"{key!r}" in line


def test_nor_are_hyperparameters_of_the_training_by_other_names() -> None:
    batch, epochs = unused(Plain(), ["width", "epochs", "Batch"])
    assert "'Batch'" in batch and "'batch_size'" in batch
    assert "'epochs'" in epochs and "'horizon'" in epochs
