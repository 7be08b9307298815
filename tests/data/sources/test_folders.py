"""Folders of images, whole and not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import resolve


def test_folders_are_read_in_sorted_order(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets", classes=("dog", "ant", "cat"))
    (tmp_path / "pets/train/dog/.DS_Store").write_bytes(b"left by a file manager")
    (tmp_path / "pets/train/.cache").mkdir()
    (tmp_path / "pets/train/__MACOSX").mkdir()
    data = resolve(source, cache=cache)
    assert data.classes == ("ant", "cat", "dog")
    assert (data.name, data.train_size, data.validation_size, data.test_size) == ("pets", 27, 3, 9)


def test_folder_with_an_unreadable_image(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/3.png").write_bytes(b"no image")
    line = message(source, cache)
    assert f"Unreadable image {tmp_path / 'pets/train/dog/3.png'} (no known image format)" in line


def test_folder_of_arrays(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    for file in list((tmp_path / "pets").rglob("*.png")):
        np.save(file.with_suffix(".npy"), np.zeros((8, 8), np.uint8))
        file.unlink()
    line = message(source, cache)
    assert "0.npy (a NumPy array: PIL.Image.fromarray(array).save('image.png')" in line


def test_folder_with_a_truncated_image(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    path = tmp_path / "pets/test/cat/1.png"
    path.write_bytes(path.read_bytes()[:60])
    assert f"Unreadable image {path}" in message(source, cache)


def test_folder_within_a_class(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/more").mkdir()
    assert "images lie directly in their class folder" in message(source, cache)


def test_folder_with_other_classes_in_test(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/test/dog").rename(tmp_path / "pets/test/hound")
    line = message(source, cache)
    assert "dog only in train/, hound only in test/" in line


def test_folder_without_classes(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "pets/train").mkdir(parents=True)
    assert "has no folder test/" in message(str(tmp_path / "pets"), cache)
    (tmp_path / "pets/test").mkdir()
    assert "holds no class folders" in message(str(tmp_path / "pets"), cache)


def test_folder_of_one_class(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets", classes=["cat"])
    assert "only one class ('cat')" in message(source, cache)


def test_folder_with_too_few_images(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets", train=9)
    assert "class 'cat' has 9 training images; give each class at least 10" in message(
        source, cache
    )


def test_folder_with_empty_classes(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets", train=0)
    assert "no training images" in message(source, cache)
