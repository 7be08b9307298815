"""Training, validation and test images: who is in which part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import resolve, split
from tuner.data.dataset import TEST, x_file, y_file


def test_train_and_validation_are_the_training_images_each_once(
    tmp_path: Path, cache: Path
) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    given = images.arrays()
    expected = {x.tobytes(): y for x, y in zip(given["x_train"], given["y_train"], strict=True)}
    seen = {}
    for x, y in (data.train(), data.validation()):
        seen.update({image.tobytes(): label for image, label in zip(x, y, strict=True)})
    assert seen == expected


def test_training_never_opens_the_test_files(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    (data.folder / x_file(TEST)).unlink()
    (data.folder / y_file(TEST)).unlink()
    data.train()
    data.validation()


def test_the_split_is_stratified_and_a_tenth() -> None:
    labels = np.repeat(np.arange(4), [14, 15, 16, 35]).astype(np.int64)
    order, train_size = split.stratified_order(labels, 4, seed=0)
    assert sorted(order) == list(range(80))
    assert np.bincount(labels[order[train_size:]]).tolist() == [1, 2, 2, 3]


@pytest.mark.parametrize("counts", [[10, 10], [11, 1000, 13], [19] * 7, [10, 95]])
def test_every_class_is_in_both_parts(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    order, train_size = split.stratified_order(labels, len(counts), seed=1)
    validation = np.bincount(labels[order[train_size:]], minlength=len(counts))
    assert validation.sum() == round(sum(counts) / 10)
    for count, taken in zip(counts, validation, strict=True):
        assert count // 10 <= taken <= count // 10 + 1
