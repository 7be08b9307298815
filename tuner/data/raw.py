"""Decoded arrays on their way to the cache."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Answers, Examples
from tuner.data.kinds import Kind, kind_of
from tuner.objectives.tasks import Task

PIECE = 2**26  # bytes hashed at a time: a signal is answered in between
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """Training, validation or test examples.

    Attributes:
        x: [n, ...], or several of them by name.
        y: int64 [n], class indices; or float32 [n] or [n, k], amounts.
        weights: How much each counts, float32 [n]; None: all the same.
        groups: Numbers, int64 [n]: examples of one number must not be divided; None: all may.
        output: Of a model of several outputs the one that `y` answers; else empty.
        others: What the other outputs are to give, whole numbers or float32, [n, ...] each.
    """

    x: Examples
    y: Answers
    weights: NDArray[np.float32] | None = None
    groups: NDArray[np.int64] | None = None
    output: str = ""
    others: Mapping[str, Answers] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Answers]:
        """All answers, by the outputs' names; of a single one the name is empty."""
        return {self.output: self.y, **self.others}

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The examples' arrays by name; the name of a single one is empty."""
        return self.x if isinstance(self.x, Mapping) else {"": self.x}

    @property
    def kind(self) -> Kind:
        """What its examples are."""
        return kind_of(self.x)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    @property
    def bytes(self) -> int:
        """Of its examples."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True)
class Stream:
    """What stands for examples that only the user's iterators give.

    Attributes:
        content: SHA-256 in hex of what the user says of them, and of shapes, sizes and classes.
        shared: Number of test examples that are training or validation examples as well.
    """

    content: str
    shared: int


@dataclass(frozen=True)
class Raw:
    """Decoded arrays in the order of their source.

    Attributes:
        train: Training examples, out of which validation examples are taken where there are none.
        test: Test examples.
        classes: Class names in label order; none where the answers are amounts.
        named: Whether the source names its classes; else their names are their labels.
        notes: What its user should know of how it was read, a sentence each.
        validation: The user's own validation examples.
        depends: Files that the arrays came from besides those that identify the source: path,
            bytes and time of each.
        stream: Where the examples are not here; arrays without memory have their shape.
    """

    train: Part
    test: Part
    classes: tuple[str, ...]
    named: bool = True
    notes: tuple[str, ...] = ()
    validation: Part | None = None
    depends: tuple[tuple[str, int, int], ...] = ()
    stream: Stream | None = None

    @property
    def task(self) -> Task:
        """What the answers are, told by their type."""
        return "classification" if self.train.y.dtype.kind in "iu" else "regression"

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that there are, by name."""
        found = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in found.items() if part is not None}

    def with_parts(self, parts: Mapping[str, Part], **changes: Any) -> Raw:
        """The same with other parts, by their names."""
        changed: dict[str, Any] = {**parts, **changes}
        return dataclasses.replace(self, **changed)

    def content_hash(self) -> str:
        """SHA-256 in hex of the class names and of every array with its shape and type."""
        if self.stream is not None:
            return self.stream.content
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        for part in (self.train, self.test):
            for name, array in part.arrays.items():
                digest.update(name.encode())
                _add(digest, array)
            _add(digest, part.y)
        # Only where it is there: data sets without it have the hash that they always had.
        for name, array in self._more():
            digest.update(name.encode())
            _add(digest, array)
        return digest.hexdigest()

    def _more(self) -> Iterator[tuple[str, NDArray[Any]]]:
        if self.validation is not None:
            for name, array in self.validation.arrays.items():
                yield f"validation x {name}", array
            yield "validation y", self.validation.y
        for name, part in self.parts.items():
            if part.weights is not None:
                yield f"{name} weights", part.weights
            if part.groups is not None:
                yield f"{name} groups", part.groups
            for output, answers in part.others.items():
                yield f"{name} {output}", answers


def _add(digest: Any, array: NDArray[Any]) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    rows = max(1, PIECE // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        whole = np.ascontiguousarray(array[start : start + rows])
        data = whole.reshape(-1).view(np.uint8)
        for at in range(0, len(data), PIECE):
            digest.update(data[at : at + PIECE].data)
