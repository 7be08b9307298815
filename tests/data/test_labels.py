"""Labels that are not counted from 0: said what they are, and taken with ``relabel``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import open_again, resolve
from tuner.data.labels import listed


def numbered(path: Path, labels: list[int]) -> str:
    """The usual toy images with other labels for their classes."""
    given = images.arrays(train=20 * len(labels), test=5 * len(labels), classes=len(labels))
    there = np.array(labels)
    given["y_train"], given["y_test"] = there[given["y_train"]], there[given["y_test"]]
    np.savez(path, **given)
    return str(path)


CASES: list[Any] = [
    ([1, 2, 3], "the training set has labels 1 to 3: subtract 1, or add --relabel"),
    ([1, 2], "the training set has labels 1, 2: subtract 1, or add --relabel"),
    ([5, 6, 7, 8], "labels 5 to 8: subtract 5, or add --relabel"),
    ([0, 2, 5], "labels 0, 2, 5: number them 0 to 2, or add --relabel"),
    ([0, 10, 20], "labels 0, 10, 20: number them 0 to 2, or add --relabel"),
    ([3, 7], "labels 3, 7: number them 0 to 1, or add --relabel"),
    ([-1, 1], "labels -1, 1: number them 0 to 1, or add --relabel"),
    ([-1, 0, 1], "labels -1 to 1: add 1, or add --relabel"),
    ([0, 10**12], "labels 0, 1000000000000: number them 0 to 1, or add --relabel"),
]


@pytest.mark.parametrize(("labels", "words"), CASES)
def test_labels_that_are_not_counted_from_0_are_named_and_can_be_taken(
    labels: list[int], words: str, tmp_path: Path, cache: Path
) -> None:
    source = numbered(tmp_path / "toys.npz", labels)
    line = message(source, cache)
    assert words in line
    assert "give each class at least" not in line
    data = resolve(source, relabel=True, cache=cache)
    assert data.classes == tuple(str(label) for label in sorted(labels))
    assert data.relabel
    given = np.load(source)["y_test"]
    np.testing.assert_array_equal(np.array(sorted(labels))[data.test()[1]], given)
    assert sorted(np.unique(data.learning()[1])) == list(range(len(labels)))


def test_many_labels_are_not_all_listed() -> None:
    assert listed(np.arange(0, 100, 2)) == "labels 0, 2, 4, 6, 8, 10, 12, 14, …"


def test_nothing_is_relabelled_unasked_and_nothing_changes_where_it_is_needless(
    tmp_path: Path, cache: Path
) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    plain, asked = resolve(source, cache=cache), resolve(source, relabel=True, cache=cache)
    assert (plain.hash, plain.classes) == (asked.hash, asked.classes)


def test_a_test_label_that_was_never_learned(tmp_path: Path, cache: Path) -> None:
    given = images.arrays()
    source = images.write_npz(tmp_path / "toys.npz", y_test=given["y_test"] + 1)
    line = message(source, cache, relabel=True)
    assert "test label 2 is the label of no training example (labels 0, 1)" in line


@pytest.mark.parametrize("first", [0, 1])
def test_named_classes_keep_their_names(first: int, tmp_path: Path, cache: Path) -> None:
    names = {"classes": ["cat", "dog", "hen"]}
    labels = [first, first + 1, first + 2]
    images.write_shard(tmp_path / "flat/train.parquet", labels * 10, metadata=names)
    images.write_shard(tmp_path / "flat/test.parquet", labels, metadata=names)
    if first:
        assert "labels 1 to 3: subtract 1" in message(str(tmp_path / "flat"), cache)
    data = resolve(str(tmp_path / "flat"), relabel=True, cache=cache)
    assert data.classes == ("cat", "dog", "hen")
    assert data.test()[1].tolist() == [0, 1, 2]


def test_a_named_class_without_images_can_be_left_out(tmp_path: Path, cache: Path) -> None:
    names = {"classes": ["cat", "dog", "hen"]}
    for part, labels in (("train", [0, 2] * 10), ("test", [0, 2])):
        images.write_shard(tmp_path / f"flat/{part}.parquet", labels, metadata=names)
    line = message(str(tmp_path / "flat"), cache)
    assert "class 'dog' has 0 training images" in line and "with --relabel" in line
    assert resolve(str(tmp_path / "flat"), relabel=True, cache=cache).classes == ("cat", "hen")


def test_another_machine_relabels_as_well(tmp_path: Path, cache: Path) -> None:
    data = resolve(numbered(tmp_path / "toys.npz", [1, 2]), relabel=True, cache=cache)
    reference = data.reference(seed=0)
    again = open_again(**reference, cache=tmp_path / "another machine's")
    assert (again.hash, again.classes, again.relabel) == (data.hash, data.classes, True)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0.0, 1.0, float("nan")], "are NaN or infinite: give them a class"),
        ([0.0, 1.0, float("inf")], "are NaN or infinite"),
    ],
)
def test_labels_that_are_no_numbers(
    labels: list[float], said: str, tmp_path: Path, cache: Path
) -> None:
    given = images.arrays(classes=3)
    for key in ("y_train", "y_test"):
        given[key] = np.array(labels)[given[key]]
    np.savez(tmp_path / "odd.npz", **given)
    assert said in message(str(tmp_path / "odd.npz"), cache)
