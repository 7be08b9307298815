"""Parquet files in the image layout of Hugging Face, whole and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers import images
from tests.helpers.bad_data import GIVEN, message
from tuner.data import resolve


@pytest.mark.parametrize(
    ("column", "metadata", "classes"),
    [
        ("img", {"classes": ["cat", "dog"]}, ("cat", "dog")),
        ("image", None, ("0", "1")),
        (
            "image",
            {"huggingface": {"info": {"features": {"label": {"names": ["no", "yes"]}}}}},
            ("no", "yes"),
        ),
    ],
)
def test_parquet_shards(
    tmp_path: Path, cache: Path, column: str, metadata: Any, classes: tuple[str, ...]
) -> None:
    source = images.write_parquet(tmp_path / "flat", column=column, metadata=metadata)
    data = resolve(source, cache=cache)
    assert data.classes == classes
    assert data.kind.shape == (6, 5, 1)
    assert (data.train_size, data.validation_size, data.test_size) == (27, 3, 3)
    assert data.test()[1].tolist() == [0, 1, 1]


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
