"""Decoded images on their way to the cache, and the rules that every data set must meet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.kinds import ImageKind
from tuner.errors import DataError

FEWEST_PER_CLASS = 10  # a tenth of ten is the one image that validation needs of each class


@dataclass(frozen=True)
class Raw:
    """Decoded arrays in the order of their source.

    Attributes:
        train_images: uint8 [n, h, w, c].
        train_labels: int64 [n].
        test_images: uint8 [m, h, w, c].
        test_labels: int64 [m].
        classes: Class names in label order.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    classes: tuple[str, ...]

    def content_hash(self) -> str:
        """SHA-256 in hex of the class names and of every array with its shape and type."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            whole = np.ascontiguousarray(array)
            digest.update(f"{whole.dtype.str}{whole.shape}".encode())
            digest.update(whole.reshape(-1).data)
        return digest.hexdigest()


def check(raw: Raw, source: str) -> Raw:
    """Return ``raw`` if it can be trained on and split.

    Raises:
        DataError: A set is empty, counts or shapes do not match, a label is out of range, there is
            one class only, or a class has too few images for a stratified split.
    """
    sets = (
        ("training", raw.train_images, raw.train_labels),
        ("test", raw.test_images, raw.test_labels),
    )
    for name, images, labels in sets:
        _check_set(source, name, images, labels, len(raw.classes))
    if raw.train_images.shape[1:] != raw.test_images.shape[1:]:
        raise DataError(
            f"{source}: images of mixed size: training images are "
            f"{_described(raw.train_images)} and test images "
            f"{_described(raw.test_images)}; bring them all to one size."
        )
    if len(raw.classes) < 2:
        raise DataError(
            f"{source}: only one class ({raw.classes[0]!r}); classification needs at least two."
        )
    if len(set(raw.classes)) < len(raw.classes):
        raise DataError(
            f"{source}: class names repeat: {', '.join(raw.classes)}; give each its own name."
        )
    _check_counts(source, raw)
    return raw


def _described(images: Images) -> str:
    height, width, channels = images.shape[1:]
    return ImageKind((height, width, channels)).described()


def _check_set(source: str, name: str, images: Images, labels: Labels, classes: int) -> None:
    if len(images) != len(labels):
        raise DataError(
            f"{source}: labels do not match images: {len(images)} {name} images and "
            f"{len(labels)} labels; give one label an image."
        )
    if len(images) == 0:
        raise DataError(f"{source}: no {name} images; add some.")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise DataError(
            f"{source}: {name} label {labels[wrong[0]]} of image {wrong[0]} is out of range: "
            f"{classes} classes need labels 0 to {classes - 1}."
        )


def _check_counts(source: str, raw: Raw) -> None:
    counts = np.bincount(raw.train_labels, minlength=len(raw.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < FEWEST_PER_CLASS:
        raise DataError(
            f"{source}: too few images for a stratified 10 % validation split: class "
            f"{raw.classes[fewest]!r} has {counts[fewest]} training images; give each class at "
            f"least {FEWEST_PER_CLASS}."
        )
