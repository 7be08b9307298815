"""What an example is, in words, and what may be done to it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.helpers import images
from tuner.data import resolve
from tuner.data.kinds import ImageKind
from tuner.training.augmentation import Augmentation


@pytest.mark.parametrize(
    ("shape", "words"), [((32, 24, 3), "32x24 with 3 channels"), ((8, 8, 1), "8x8 with 1 channel")]
)
def test_an_image_in_words(shape: tuple[int, int, int], words: str) -> None:
    assert ImageKind(shape).described() == words


def test_the_augmentations_of_images_are_those_that_training_knows() -> None:
    known = {field.name for field in dataclasses.fields(Augmentation)}
    assert set(ImageKind.augmentations) == known


def test_a_data_set_knows_its_kind(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    assert data.kind == ImageKind((6, 5, 3))
