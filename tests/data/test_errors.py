"""Every way in which a data set can be wrong, and the one line that says so."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import resolve
from tuner.errors import DataError


def message(source: str, cache: Path) -> str:
    with pytest.raises(DataError) as caught:
        resolve(source, cache=cache)
    line = str(caught.value)
    assert "\n" not in line
    assert not cache.exists() or not [p for p in cache.rglob("*") if p.is_file()]
    return line


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("cifr10", "did you mean cifar10?"),
        ("MNIST", "did you mean mnist?"),
        ("shapes", "did you mean shapes10?"),
        ("nowhere/at/all", "cifar10, mnist, shapes10, or the path"),
        ("", "No data set given"),
        ("a\0b", "cannot be read"),
    ],
)
def test_unknown_source(source: str, words: str, cache: Path) -> None:
    line = message(source, cache)
    assert words in line


def test_a_file_of_another_kind(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x")
    assert "is no data set: give an .npz file" in message(str(path), cache)
    assert "is no data set: give an .npz file" in message(str(tmp_path), cache)


GIVEN = images.arrays()


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
        ({"y_train": GIVEN["y_train"].astype(float)}, "y_train holds float64 of shape [40]"),
        ({"y_train": np.eye(2)[GIVEN["y_train"]]}, "y_train holds float64 of shape [40, 2]"),
        ({"x_train": GIVEN["x_train"][:0], "y_train": GIVEN["y_train"][:0]}, "no training images"),
        ({"x_test": GIVEN["x_test"][:0], "y_test": GIVEN["y_test"][:0]}, "no test images"),
        ({"x_test": GIVEN["x_test"][:, :4]}, "mixed size: training images are 6x5 with 3 channels"),
        ({"x_train": GIVEN["x_train"].astype(np.int64)}, "x_train holds int64: give uint8"),
        ({"x_train": GIVEN["x_train"].astype(np.float32)}, "float32 from 0 to 255: give uint8"),
        ({"x_train": np.full((40, 6, 5), np.nan)}, "float64 from nan to nan: give uint8"),
        ({"x_train": GIVEN["x_train"].reshape(40, -1)}, "x_train has shape [40, 90]"),
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


def test_folder_with_an_unreadable_image(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/3.png").write_bytes(b"no image")
    line = message(source, cache)
    assert f"Unreadable image {tmp_path / 'pets/train/dog/3.png'} (no known image format)" in line


def test_folder_with_a_truncated_image(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    path = tmp_path / "pets/test/cat/1.png"
    path.write_bytes(path.read_bytes()[:60])
    assert f"Unreadable image {path}" in message(source, cache)


def test_folder_within_a_class(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/more").mkdir()
    assert "images lie directly in their class folder" in message(source, cache)


def test_folder_with_mixed_sizes(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/3.png").write_bytes(images.encode(np.zeros((7, 5, 3), np.uint8)))
    line = message(source, cache)
    assert "Images of mixed size" in line
    assert "dog/3.png is 7x5" in line
    assert "cat/0.png is 6x5" in line


def test_folder_with_deep_images(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    path = tmp_path / "pets/train/dog/3.png"
    path.write_bytes(images.encode(np.zeros((6, 5), np.uint16)))
    assert f"Image {path} has more than 8 bits a channel" in message(source, cache)


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


def test_parquet_without_test(tmp_path: Path, cache: Path) -> None:
    images.write_shard(tmp_path / "train.parquet", [0, 1])
    assert "has no test*.parquet" in message(str(tmp_path), cache)


def test_parquet_that_is_none(tmp_path: Path, cache: Path) -> None:
    source = images.write_parquet(tmp_path / "flat")
    (tmp_path / "flat/test.parquet").write_bytes(b"nothing of the kind")
    assert "test.parquet cannot be read as a parquet file" in message(source, cache)


def test_parquet_with_other_columns(tmp_path: Path, cache: Path) -> None:
    source = images.write_parquet(tmp_path / "flat", column="picture")
    assert "has the columns picture, label: it needs 'label' and 'img' or 'image'" in message(
        source, cache
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": [0, 1, None]}, "test.parquet row 2 has no label"),
        ({"labels": [0, 1, 7]}, "test label 7 of image 2 is out of range: 2 classes"),
        ({"labels": ["a", "b"]}, "column 'label' is string: give whole numbers"),
        ({"labels": [0], "images": ["a.png"]}, "column 'img' is string: it needs a struct"),
        ({"labels": [0], "images": [{"bytes": b"x", "path": ""}]}, "test.parquet row 0"),
        (
            {"labels": [0], "images": [{"bytes": None, "path": "a.png"}]},
            "test.parquet row 0: it holds no bytes",
        ),
        (
            {
                "labels": [0, 1],
                "images": [{"bytes": images.encode(GIVEN["x_test"][0])}, {"bytes": None}],
            },
            "test.parquet row 1: it holds no bytes",
        ),
        ({"labels": [0], "metadata": {"classes": ["b", "a"]}}, "name different classes"),
    ],
)
def test_parquet_rows(options: dict[str, Any], words: str, tmp_path: Path, cache: Path) -> None:
    named = "metadata" in options
    source = images.write_parquet(
        tmp_path / "flat", metadata={"classes": ["a", "b"]} if named else None
    )
    images.write_shard(tmp_path / "flat/test.parquet", **options)
    assert words in message(source, cache)


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    cache = tmp_path / "file"
    cache.write_text("")
    with pytest.raises(DataError, match=r"cannot be written .*set TUNER_CACHE"):
        resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache(tmp_path: Path) -> None:
    cache = tmp_path / "locked"
    cache.mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"cannot be written .*set TUNER_CACHE"):
        resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = images.write_npz(tmp_path / "toys.npz")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        line = message(source, cache)
    assert f"The cache folder {cache} cannot be written (No space left on device)" in line
    assert "free some space there or set TUNER_CACHE" in line
    assert resolve(source, cache=cache).train_size == 36


def test_a_write_that_the_system_cuts_short(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz", **images.arrays(train=2000))
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); "
        "from pathlib import Path; from tuner.data import resolve; "
        f"resolve({source!r}, cache=Path({str(cache)!r}))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert "cannot be written (File too large)" in done.stderr
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_arrays_that_are_gone(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    shutil.rmtree(data.folder)
    for opened in (data.train, data.validation, data.test):
        with pytest.raises(DataError, match="start again to decode"):
            opened()
