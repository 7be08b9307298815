"""The rules that every data set must meet before it is split and kept."""

from __future__ import annotations

import dataclasses

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.kinds import ImageKind
from tuner.data.labels import check_labels
from tuner.data.memory import gigabytes
from tuner.data.raw import Raw
from tuner.errors import DataError

FEWEST_PER_CLASS = 10  # a tenth of ten is the one image that validation needs of each class
LARGE = 512 * 512  # pixels of an image from which a search is slow and short of memory
MINIBATCH = 32


def check(raw: Raw, source: str) -> Raw:
    """Return ``raw`` if it can be trained on and split, with notes on what is odd about it.

    Raises:
        DataError: A set is empty or dark, counts or shapes do not match, a label is out of range,
            there is one class only, or a class has too few images for a stratified split.
    """
    sets = (
        ("training", raw.train_images, raw.train_labels),
        ("test", raw.test_images, raw.test_labels),
    )
    for name, images, labels in sets:
        _check_set(source, name, images, labels)
    check_labels(raw, source)
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
    for name, images, _ in sets:
        _check_range(source, name, images)
    return dataclasses.replace(raw, notes=(*raw.notes, *_notes(raw)))


def _described(images: Images) -> str:
    height, width, channels = images.shape[1:]
    return ImageKind((height, width, channels)).described()


def _check_set(source: str, name: str, images: Images, labels: Labels) -> None:
    if len(images) != len(labels):
        raise DataError(
            f"{source}: labels do not match images: {len(images)} {name} images and "
            f"{len(labels)} labels; give one label an image."
        )
    if len(images) == 0:
        raise DataError(f"{source}: no {name} images; add some.")


def _check_counts(source: str, raw: Raw) -> None:
    counts = np.bincount(raw.train_labels, minlength=len(raw.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < FEWEST_PER_CLASS:
        advice = "" if counts[fewest] else ", or leave classes without images out with --relabel"
        raise DataError(
            f"{source}: too few images for a stratified 10 % validation split: class "
            f"{raw.classes[fewest]!r} has {counts[fewest]} training images; give each class at "
            f"least {FEWEST_PER_CLASS}{advice}."
        )


def _check_range(source: str, name: str, images: Images) -> None:
    """Pixels of 0 and 1 are masks, or floats that were cast: a model would see black images."""
    brightest = max(int(image.max()) for image in images)
    if brightest == 0:
        raise DataError(
            f"{source}: every {name} image is black (all pixels are 0): check how it was saved."
        )
    if brightest == 1:
        raise DataError(
            f"{source}: the {name} images hold only 0 and 1, on a scale that goes to 255: multiply "
            "masks and drawings by 255; save floats as they are, without casting them."
        )


def _notes(raw: Raw) -> list[str]:
    notes = []
    height, width, channels = raw.train_images.shape[1:]
    if height * width > LARGE:
        batch = MINIBATCH * height * width * channels * 4
        notes.append(
            f"Images of {_described(raw.train_images)} are large for small models: {MINIBATCH} of "
            f"them take {gigabytes(batch)} before the first layer, and a layer of 16 filters on "
            f"all pixels {gigabytes(batch // channels * 16)}. Make them smaller where training is "
            "slow or runs out of memory."
        )
    tested = np.bincount(raw.test_labels, minlength=len(raw.classes))
    if len(missing := np.flatnonzero(tested == 0)):
        names = ", ".join(repr(raw.classes[label]) for label in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        notes.append(
            f"There are no test images of {names}{more}: a certificate will say nothing about that."
        )
    return notes
