"""Test images that were learned from are counted when they are decoded, and said."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import DataSet, notes_on, resolve
from tuner.data.duplicates import MOST_SHARED, certificate_refusal, count_shared, shared_warning


def shared(folder: Path, cache: Path, count: int, test: int = 200) -> DataSet:
    """A data set whose first `count` test images are training images."""
    given = images.arrays(train=400, test=test)
    given["x_test"][:count] = given["x_train"][50 : 50 + count]
    return resolve(images.write_npz(folder / "toys.npz", **given), cache=cache)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 200])
def test_each_shared_test_image_counts_once(count: int, tmp_path: Path, cache: Path) -> None:
    data = shared(tmp_path, cache, count)
    assert data.shared == count
    assert resolve(data.source, cache=cache).shared == count
    assert bool(shared_warning(data)) == (count > 0)
    assert bool(certificate_refusal(data)) == (count > MOST_SHARED * data.test_size)
    assert any("also training images" in note for note in notes_on(data)) == (count > 0)


def test_the_warning_says_how_many_and_what_to_do(tmp_path: Path, cache: Path) -> None:
    data = shared(tmp_path, cache, 20)
    warning, refusal = shared_warning(data), certificate_refusal(data)
    assert warning is not None and refusal is not None
    assert "toys: 20 of 200 test images (10.0 %) are also training images" in warning
    assert "take them out of one of the two" in warning
    assert "--accept-duplicates" in refusal


@pytest.mark.parametrize("layout", ["npz", "folder", "parquet"])
def test_in_every_layout(layout: str, tmp_path: Path, cache: Path) -> None:
    if layout == "folder":
        source = images.write_folder(tmp_path / "pets")
        for name in ("cat", "dog"):  # the same picture, in another class as well
            content = (tmp_path / "pets/train/cat/3.png").read_bytes()
            (tmp_path / f"pets/test/{name}/0.png").write_bytes(content)
        assert resolve(source, cache=cache).shared == 2
    elif layout == "parquet":  # each of the helper's files begins with the same images
        assert resolve(images.write_parquet(tmp_path / "flat"), cache=cache).shared == 3
    else:
        assert shared(tmp_path, cache, 7).shared == 7


def test_training_images_that_repeat_share_nothing_with_the_test_set() -> None:
    learning = np.repeat(images.arrays()["x_train"][:1], 5, axis=0)
    assert count_shared(learning, images.arrays()["x_test"]) == 0
    assert count_shared(learning, learning[:2]) == 2


def test_what_was_cached_before_it_was_counted_is_counted_once(tmp_path: Path, cache: Path) -> None:
    data = shared(tmp_path, cache, 9)
    meta = data.folder / "meta.json"
    fields = json.loads(meta.read_text())
    del fields["shared"]
    meta.write_text(json.dumps(fields))
    arrays = {p: p.stat().st_mtime_ns for p in data.folder.glob("*.npy")}
    assert resolve(data.source, cache=cache) == data
    assert json.loads(meta.read_text())["shared"] == 9
    assert {p: p.stat().st_mtime_ns for p in data.folder.glob("*.npy")} == arrays
    assert not list(data.folder.glob("meta.json.*"))


def test_a_data_set_without_shared_images_has_nothing_to_say(tmp_path: Path, cache: Path) -> None:
    data = dataclasses.replace(shared(tmp_path, cache, 0), notes=("one",))
    assert notes_on(data) == ["one"]
