"""Data that do not fit into memory: the user's own iterators, which Keras's `fit` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tuner.data.functions import call, named, parts_of


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

    @property
    def learning(self) -> Any:
        """Training and validation examples, one part behind the other."""
        if hasattr(self.train, "concatenate") and hasattr(self.validation, "cardinality"):
            return self.train.concatenate(self.validation)
        return _both(self.train, self.validation)


def streams_of(source: str) -> Streams:
    """Calls the user's function again; only in a process that may import TensorFlow.

    Args:
        source: What the user gave, ``file.py:function``.

    Raises:
        DataError: The function does not work here, or makes no pipeline.
    """
    return Streams(**parts_of(source, named(source, call(source, source))))


def _both(train: Any, validation: Any) -> Any:
    import keras

    class Both(keras.utils.PyDataset):  # type: ignore[misc]
        """The batches of one part, then those of the other."""

        def __len__(self) -> int:
            return _count(train) + _count(validation)

        def __getitem__(self, index: int) -> Any:
            first = _count(train)
            return train[index] if index < first else validation[index - first]

    return Both()


def _count(stream: Any) -> int:
    return int(stream.num_batches)
