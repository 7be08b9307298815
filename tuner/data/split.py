"""The stratified split of training images into a training and a validation part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Labels

VALIDATION_SHARE = 10  # one image in ten


def stratified_order(labels: Labels, classes: int, seed: int) -> tuple[NDArray[np.int64], int]:
    """Order the images so that a training part comes first and a validation part follows.

    Each class gives a tenth of its images to validation; the rounding goes by largest remainder,
    so that the whole is a tenth as well. Both parts are shuffled.

    Args:
        labels: int64 [n], each class at least ten times.
        classes: Number of classes.
        seed: Seed of the split.

    Returns:
        Image numbers, int64 [n], and how many of them are the training part.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(labels, minlength=classes)
    shares = counts // VALIDATION_SHARE
    missing = round(len(labels) / VALIDATION_SHARE) - int(shares.sum())
    by_remainder = np.argsort(-(counts % VALIDATION_SHARE), kind="stable")
    shares[by_remainder[: max(missing, 0)]] += 1

    train, validation = [], []
    for label in range(classes):
        members = rng.permutation(np.flatnonzero(labels == label))
        validation.append(members[: shares[label]])
        train.append(members[shares[label] :])
    parts = [rng.permutation(np.concatenate(part)) for part in (train, validation)]
    return np.concatenate(parts).astype(np.int64), len(parts[0])
