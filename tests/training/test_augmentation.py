from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tuner.training.augmentation import Augmentation


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (200, 12, 10, 3)).astype(np.uint8)


def test_nothing_switched_on_costs_nothing(images: np.ndarray) -> None:
    assert Augmentation()(images, np.random.default_rng(0)) is images


def test_flip_mirrors_about_half_and_leaves_the_source_alone(images: np.ndarray) -> None:
    before = images.copy()
    out = Augmentation(flip=True)(images, np.random.default_rng(0))
    same = (out == images).all(axis=(1, 2, 3))
    mirrored = (out == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    assert 60 < mirrored.sum() < 140
    assert (images == before).all()


def test_shift_is_a_crop_of_the_reflected_image(images: np.ndarray) -> None:
    out = Augmentation(shift=2)(images, np.random.default_rng(1))
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    seen = set()
    for i in range(len(images)):
        found = [
            (t, x)
            for t in range(5)
            for x in range(5)
            if (padded[i, t : t + 12, x : x + 10] == out[i]).all()
        ]
        assert found
        seen.add(found[0])
    assert len(seen) == 25


def test_cutout_sets_one_square_of_each_image_to_one_colour(images: np.ndarray) -> None:
    out = Augmentation(cutout=4)(images, np.random.default_rng(2))
    changed = (out != images).any(axis=3)
    colours = [out[i][changed[i]][0] for i in range(len(images))]
    assert np.abs(np.mean(colours, axis=0) - images.mean((0, 1, 2))).max() < 8
    for i in range(len(images)):
        rows, columns = np.nonzero(changed[i])
        assert np.ptp(rows) < 4 and np.ptp(columns) < 4
        assert len(np.unique(out[i][changed[i]], axis=0)) == 1


def test_sizes_larger_than_the_image_are_cut_down(images: np.ndarray) -> None:
    too_large, largest = Augmentation(shift=50, cutout=50), Augmentation(shift=9, cutout=10)
    out = too_large(images, np.random.default_rng(3))
    assert out.shape == images.shape
    assert (out == largest(images, np.random.default_rng(3))).all()


def test_the_same_seed_gives_the_same_images(images: np.ndarray) -> None:
    augment = Augmentation(flip=True, shift=3, cutout=3)
    one, two = (augment(images, np.random.default_rng(4)) for _ in range(2))
    assert (one == two).all()


def test_chosen_images_are_changed_as_if_they_stood_alone(images: np.ndarray) -> None:
    many = np.concatenate([images, images[::-1], images])
    rows = np.random.default_rng(5).permutation(len(many))[: len(many) - 3]
    draws = Augmentation(flip=True, shift=3, cutout=3).draw(
        (len(rows), 12, 10), np.random.default_rng(6)
    )
    assert (draws.apply(many, rows) == draws.apply(many[rows])).all()


def test_images_are_shifted_before_they_are_mirrored(images: np.ndarray) -> None:
    moved, plain = (
        Augmentation(flip, shift=2).draw(images.shape, np.random.default_rng(7))
        for flip in (True, False)
    )
    assert moved.flipped is not None
    expected = plain.apply(images)
    expected[moved.flipped] = expected[moved.flipped][:, :, ::-1]
    assert (moved.apply(images) == expected).all()


def test_no_images_are_none(images: np.ndarray) -> None:
    augment = Augmentation(flip=True, shift=2, cutout=3)
    assert augment(images[:0], np.random.default_rng(8)).shape == (0, 12, 10, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.uint16])
def test_values_of_other_types_are_kept(dtype: Any) -> None:
    """The same images in bytes and in another type, at values that bytes do not have."""
    rng = np.random.default_rng(0)
    bytes_ = rng.integers(0, 200, (40, 9, 7, 5), dtype=np.uint8)
    others = (bytes_.astype(dtype) * 3 + 1).astype(dtype)
    change = Augmentation(flip=True, shift=2)
    moved = change(bytes_, np.random.default_rng(1))
    found = change(others, np.random.default_rng(1))
    assert found.dtype == dtype and not np.array_equal(found, others)
    np.testing.assert_array_equal(found, (moved.astype(dtype) * 3 + 1).astype(dtype))


def test_a_square_of_floats_is_of_the_images_mean() -> None:
    images = np.random.default_rng(0).standard_normal((6, 8, 8, 2)).astype(np.float32) * 100
    found = Augmentation(cutout=3)(images, np.random.default_rng(1))
    for image, before in zip(found, images, strict=True):
        changed = np.any(image != before, axis=2)
        assert changed.sum() == 9
        np.testing.assert_allclose(
            image[changed], np.tile(before[::4, ::4].mean((0, 1)), (9, 1)), rtol=1e-5
        )
