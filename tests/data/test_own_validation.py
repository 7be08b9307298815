"""The user's own validation images, in folders and in parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import notes_on, resolve


def add(root: Path, part: str, count: int = 4, classes: tuple[str, ...] = ("cat", "dog")) -> None:
    rng = np.random.default_rng(7)
    for name in classes:
        (root / part / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (6, 5, 3)).astype(np.uint8)
            (root / part / name / f"{number}.png").write_bytes(images.encode(pixels))


@pytest.mark.parametrize("part", ["val", "valid", "validation"])
def test_a_folder_of_them_is_used(part: str, tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    without = resolve(source, cache=cache)
    add(tmp_path / "pets", part)
    data = resolve(source, cache=cache)
    assert data.own_validation and not without.own_validation
    assert (data.train_size, data.validation_size, data.test_size) == (20, 8, 6)
    assert data.hash != without.hash
    assert data.validation()[1].tolist() == [0] * 4 + [1] * 4
    assert sorted(data.train()[1].tolist()) == [0] * 10 + [1] * 10


def test_a_class_without_them_gets_a_note(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    add(tmp_path / "pets", "val", classes=("dog",))
    (note,) = notes_on(resolve(source, cache=cache))
    assert "There are no validation images of 'cat'" in note


@pytest.mark.parametrize("name", ["validation-00000-of-00001", "valid", "val"])
def test_parquet_files_of_them_are_used(name: str, tmp_path: Path, cache: Path) -> None:
    source = images.write_parquet(tmp_path / "flat")
    images.write_shard(tmp_path / "flat" / f"{name}.parquet", [0, 1, 1, 0])
    data = resolve(source, cache=cache)
    assert data.own_validation
    assert (data.train_size, data.validation_size, data.test_size) == (30, 4, 3)
    assert data.validation()[1].tolist() == [0, 1, 1, 0]


def test_the_split_of_data_without_them_has_the_hash_that_it_always_had(
    tmp_path: Path, cache: Path
) -> None:
    """Stored studies know their data by it."""
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    assert data.hash == "39b8832a02d1a8f20159d91b9cce03e65e7b5b69d6f024efe6b9f75d2549c4bc"
