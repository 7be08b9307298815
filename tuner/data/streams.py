"""Data that do not fit into memory: the user's own iterators, which Keras's `fit` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tuner.errors import DataError


@dataclass(frozen=True)
class Streams:
    """What `keras.Model.fit` and `predict` take for each part: batches of examples and answers.

    Attributes:
        train: A `tf.data.Dataset` or a `keras.utils.PyDataset`.
        validation: Likewise.
        test: Likewise; reading it is a look at the test examples.
    """

    train: Any
    validation: Any
    test: Any


def streams_of(source: str) -> Streams:
    """Calls the user's function again.

    Args:
        source: What the user gave, ``file.py:function``.

    Raises:
        DataError: The function does not work here, or makes no pipeline.
    """
    raise DataError(f"{source} is read as arrays, not by iterators of its own.")
