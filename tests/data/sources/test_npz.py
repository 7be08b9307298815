"""What an .npz file may hold, and the one line about each that it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import GIVEN, message
from tuner.data import notes_on, resolve
from tuner.data.kinds import ArrayKind, ImageKind
from tuner.data.sources import arrays


def test_npz_is_read_split_and_described(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    data = resolve(source, cache=cache)
    assert (data.name, data.source, data.classes) == ("toys", source, ("0", "1"))
    assert data.kind.shape == (6, 5, 3)
    assert (data.train_size, data.validation_size, data.test_size) == (36, 4, 10)
    assert len(data.hash) == 64
    x, y = data.train()
    assert isinstance(x, np.memmap)
    assert (x.shape, y.shape) == ((36, 6, 5, 3), (36,))
    assert x.dtype == np.uint8
    assert y.dtype == np.int64
    x, y = data.validation()
    assert isinstance(x, np.memmap)
    assert (x.shape, y.shape) == ((4, 6, 5, 3), (4,))
    x, y = data.test()
    assert isinstance(x, np.memmap)
    np.testing.assert_array_equal(x, images.arrays()["x_test"])
    np.testing.assert_array_equal(y, images.arrays()["y_test"])


def test_npz_conveniences(tmp_path: Path, cache: Path) -> None:
    given = images.arrays(shape=(6, 5))
    source = images.write_npz(
        tmp_path / "floats.npz",
        x_train=given["x_train"].astype(np.float32) / 255,
        y_train=given["y_train"][:, None].astype(np.uint8),
        x_test=given["x_test"] / 255,
    )
    data = resolve(source, cache=cache)
    assert data.kind == ArrayKind((6, 5), "float32")
    np.testing.assert_array_equal(data.test()[0], (given["x_test"] / 255).astype(np.float32))
    grey = resolve(images.write_npz(tmp_path / "grey.npz", **given), cache=cache)
    assert grey.kind == ImageKind((6, 5, 1))
    np.testing.assert_array_equal(grey.test()[0][..., 0], given["x_test"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_train": GIVEN["y_train"][:-1]}, "40 training images and 39 labels"),
        ({"y_test": GIVEN["y_test"] + 5}, "test label 5 of image 0 is out of range: 2 classes"),
        ({"y_train": GIVEN["y_train"] - 1}, "training label -1 of image 0 is out of range"),
        ({"y_train": np.full(40, -1)}, "training label -1 of image 0 is out of range"),
        ({"y_train": GIVEN["y_train"] * 0, "y_test": GIVEN["y_test"] * 0}, "only one class ('0')"),
        ({"y_train": GIVEN["y_train"] * 2}, "class '1' has 0 training images"),
        ({"y_train": np.arange(40) // 35}, "class '1' has 5 training images; give each class"),
        ({"y_train": GIVEN["y_train"].astype(float)}, "y_train holds float64 and y_test int64"),
        ({"y_train": np.eye(2)[GIVEN["y_train"]]}, "y_train holds float64 of shape [40, 2]"),
        ({"x_train": GIVEN["x_train"][:0], "y_train": GIVEN["y_train"][:0]}, "no training images"),
        ({"x_test": GIVEN["x_test"][:0], "y_test": GIVEN["y_test"][:0]}, "no test images"),
        ({"x_test": GIVEN["x_test"][:, :4]}, "mixed size: training images are 6x5 with 3 channels"),
        ({"x_train": GIVEN["x_train"] > 9}, "x_train holds bool: give uint8"),
        ({"x_train": GIVEN["x_train"].astype(np.float32)}, "(float32) and test examples 6x5 with"),
        (
            {"x_train": np.full((40, 6, 5), np.nan), "x_test": np.ones((10, 6, 5))},
            "1,200 numbers of the training examples are NaN or infinite, the first in example 0",
        ),
        ({"x_train": GIVEN["x_train"].reshape(40, -1)}, "training examples are 90 numbers (uint8)"),
        ({"x_train": GIVEN["x_train"].transpose(0, 3, 1, 2)}, "x_train has shape [40, 3, 6, 5]"),
        ({"x_train": np.array([{}] * 40)}, "holds pickled objects, which are never loaded"),
    ],
)
def test_npz(changes: dict[str, Any], words: str, tmp_path: Path, cache: Path) -> None:
    assert words in message(images.write_npz(tmp_path / "toys.npz", **changes), cache)


def test_npz_without_a_key(tmp_path: Path, cache: Path) -> None:
    np.savez(tmp_path / "toys.npz", x_train=GIVEN["x_train"], y=GIVEN["y_train"])
    line = message(str(tmp_path / "toys.npz"), cache)
    assert "misses y_train, x_test, y_test: it holds x_train, y and needs" in line


def test_npz_that_is_none(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "toys.npz").write_bytes(b"nothing of the kind")
    assert "is no .npz file" in message(str(tmp_path / "toys.npz"), cache)


def test_npz_that_is_damaged(tmp_path: Path, cache: Path) -> None:
    source = Path(images.write_npz(tmp_path / "toys.npz"))
    content = bytearray(source.read_bytes())
    content[2000:2100] = bytes(100)
    source.write_bytes(content)
    assert "cannot be read as an .npz file" in message(str(source), cache)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_are_kept_as_they_are_and_a_note_says_so(
    kind: str, tmp_path: Path, cache: Path
) -> None:
    floats = {key: (GIVEN[key] / 255).astype(kind) for key in ("x_train", "x_test")}
    source = images.write_npz(tmp_path / "toys.npz", **floats)
    for _ in range(2):  # also where it is cached
        data = resolve(source, cache=cache)
        (note,) = notes_on(data)
        assert "toys.npz: x_train holds floats from 0 to 1, which models are given as they" in note
        assert "a model of your own needs no Rescaling(1 / 255)" in note
    assert data.kind == ArrayKind((6, 5, 3), "float32")
    np.testing.assert_array_equal(data.test()[0], floats["x_test"].astype(np.float32))


def test_many_floats_are_converted_in_parts(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "ROWS", 200)  # two images at a time
    floats = {key: GIVEN[key] / 255 for key in ("x_train", "x_test")}
    data = resolve(images.write_npz(tmp_path / "toys.npz", **floats), cache=cache)
    np.testing.assert_array_equal(data.test()[0], floats["x_test"].astype(np.float32))


def test_a_class_without_test_images_gets_a_note(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz", y_test=GIVEN["y_test"] * 0)
    (note,) = notes_on(resolve(source, cache=cache))
    assert "no test images of '1': a certificate will say nothing about that" in note
