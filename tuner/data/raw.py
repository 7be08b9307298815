"""Decoded images on their way to the cache."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from tuner.data.dataset import Images, Labels

PIECE = 2**26  # bytes hashed at a time: a signal is answered in between


@dataclass(frozen=True)
class Raw:
    """Decoded arrays in the order of their source.

    Attributes:
        train_images: uint8 [n, h, w, c].
        train_labels: int64 [n].
        test_images: uint8 [m, h, w, c].
        test_labels: int64 [m].
        classes: Class names in label order.
        named: Whether the source names its classes; else their names are their labels.
        notes: What its user should know of how it was read, a sentence each.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    classes: tuple[str, ...]
    named: bool = True
    notes: tuple[str, ...] = ()

    def content_hash(self) -> str:
        """SHA-256 in hex of the class names and of every array with its shape and type."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            whole = np.ascontiguousarray(array)
            digest.update(f"{whole.dtype.str}{whole.shape}".encode())
            data = whole.reshape(-1).view(np.uint8)
            for start in range(0, len(data), PIECE):
                digest.update(data[start : start + PIECE].data)
        return digest.hexdigest()
