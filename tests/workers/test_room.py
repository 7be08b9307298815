"""A line before the first trial where workers have not the memory that their trainings need."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tests.helpers import fakes
from tuner.data import DataSet
from tuner.data.kinds import ImageKind
from tuner.specs.spec import from_dict
from tuner.workers import room

PHOTO = (3000, 4000, 3)


class Wide(keras_tuner.HyperModel):  # type: ignore[misc]
    """One convolution over all pixels."""

    def build(self, hp: Any) -> Any:
        width = hp.Int("width", 1, 64, default=2)
        hp.Choice("batch_size", [32, 128], default=32)
        if width == 13:
            raise ValueError("13 is unlucky")
        return keras.Sequential(
            [
                keras.layers.Input(PHOTO),
                keras.layers.Conv2D(width, 3, padding="same"),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )


@dataclasses.dataclass(frozen=True)
class Photos(DataSet):
    """Photographs that take no memory here."""

    def train(self) -> Any:
        return np.broadcast_to(np.uint8(0), (500, *self.kind.shape)), np.zeros(500, np.int64)


def _photos(shape: tuple[int, int, int] = PHOTO) -> DataSet:
    return Photos("photos", "photos", "0" * 64, ("a", "b"), ImageKind(shape), 500, 50, 50, Path())


def _warning(free: float, crew: int, monkeypatch: pytest.MonkeyPatch, **spec: Any) -> str | None:
    monkeypatch.setattr(room, "available", lambda: int(free))
    return room.memory_warning(from_dict({**fakes.SPEC, **spec}), Wide(), _photos(), crew)


def test_two_workers_that_do_not_fit_are_told_how_many_do(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _warning(16e9, 2, monkeypatch, reference=None)
    assert line == (
        "a training on images of 3000x4000 with 3 channels needs at least 10.8 GB of memory "
        "(minibatches of 32, whose largest layer gives 3000x4000x3 numbers each), 2 workers "
        "21.6 GB, and 16.0 GB are free: use --workers 1, smaller images, or a smaller batch_size "
        "in the search space."
    )


def test_one_that_does_not_fit_is_told_what_to_make_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = _warning(8e9, 1, monkeypatch, reference=None)
    assert line is not None and "8.0 GB are free: use smaller images, or a smaller" in line


def test_the_reference_counts_where_it_is_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    line = _warning(16e9, 1, monkeypatch, reference={"width": 16, "batch_size": 128})
    assert line is not None and "minibatches of 128, whose largest layer gives 3000x4000x16" in line


@pytest.mark.parametrize(("free", "spec"), [(30e9, {}), (8e9, {"reference": {"width": 13}})])
def test_where_nothing_is_known_to_lack_nothing_is_said(
    free: float, spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {"reference": None, **spec}
    if spec["reference"]:
        monkeypatch.setattr(Wide, "build", lambda self, hp: 1 / 0)
    assert _warning(free, 2, monkeypatch, **spec) is None


def test_for_small_examples_no_model_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wide, "build", lambda self, hp: pytest.fail("built"))
    monkeypatch.setattr(room, "available", lambda: 4 * 10**9)
    small = _photos((32, 32, 3))
    assert room.memory_warning(from_dict(fakes.SPEC), Wide(), small, 2) is None
