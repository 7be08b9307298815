"""Hyperparameters that the training reads, and those that only have their names."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.errors import SpaceError
from tuner.training.augmentation import Augmentation
from tuner.training.loop import DEFAULT_BATCH_SIZE
from tuner.training.settings import Settings, read_settings


def test_absent_hyperparameters_switch_it_off() -> None:
    assert read_settings({"width": 3, "flip": None}) == Settings(DEFAULT_BATCH_SIZE, Augmentation())
    for name in ("flip", "shift", "cutout"):
        assert read_settings({name: 1}).augmentation
        assert not read_settings({name: 0}).augmentation
    given = read_settings({"flip": 1, "shift": 2, "batch_size": 64})
    assert given == Settings(64, Augmentation(flip=True, shift=2))


@pytest.mark.parametrize("value", [True, 1, 1.0])
def test_a_switch_may_be_a_boolean_or_what_keras_tuner_makes_of_one(value: Any) -> None:
    assert read_settings({"flip": value}).augmentation.flip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flip", "none"),
        ("flip", "horizontal"),
        ("flip", 2),
        ("flip", 0.5),
        ("shift", 0.1),
        ("shift", "small"),
        ("shift", -1),
        ("shift", True),
        ("cutout", 0.25),
        ("cutout", "none"),
        ("batch_size", "32"),
        ("batch_size", 0),
        ("batch_size", 12.5),
        ("batch_size", float("nan")),
        ("batch_size", float("inf")),
    ],
)
def test_a_value_that_means_something_else_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SpaceError, match=f"hyperparameter '{name}' is .*give yours another name"):
        read_settings({name: value})
