"""What of a space is not heeded is said."""

from __future__ import annotations

from typing import Any

import keras_tuner

from tuner.spaces.unused import unused


class Plain(keras_tuner.HyperModel):
    def build(self, hp: Any) -> Any:
        raise NotImplementedError


class Fitting(Plain):
    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)


def test_a_plain_space_is_used_whole() -> None:
    assert unused(Plain(), ["width", "batch_size", "shift"]) == []


def test_a_fit_of_its_own_is_not() -> None:
    (line,) = unused(Fitting(), [])
    assert "fit() of Fitting is not used" in line


def test_nor_are_hyperparameters_of_the_training_by_other_names() -> None:
    batch, epochs = unused(Plain(), ["width", "epochs", "Batch"])
    assert "'Batch'" in batch and "'batch_size'" in batch
    assert "'epochs'" in epochs and "'horizon'" in epochs
