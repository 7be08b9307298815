"""What is to be seen of a data set: its shapes, its numbers, an image of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

LOOKED_AT = 10_000
"""Training images whose numbers are measured."""


class Arrays(Protocol):
    """What is read of a data set; `tuner.data.DataSet` is one."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes, in the order of their labels."""

    def train(self) -> tuple[Any, Any]:
        """Training images and labels."""

    def validation(self) -> tuple[Any, Any]:
        """Those kept back for validation."""

    def test(self) -> tuple[Any, Any]:
        """Test images and labels."""


@dataclass(frozen=True)
class Look:
    """What was seen of a data set."""

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    """Of an image: height, width, channels."""
    train_size: int
    validation_size: int
    test_size: int
    dtype: str = "uint8"
    lowest: float | None = None
    highest: float | None = None
    mean: float | None = None
    fewest: int | None = None
    """Training images of the rarest class, those for validation included."""
    most: int | None = None
    samples: tuple[Any, ...] = ()
    """The first training image of each class."""

    def label(self, number: int) -> str:
        """A label and what it stands for, ``3 cat``; the number alone where that is its name."""
        name = self.classes[number]
        return name if name == str(number) else f"{number} {name}"


def look(data: Arrays) -> Look:
    """Measures a data set's arrays."""
    (x, y), (x_validation, y_validation), (x_test, _) = data.train(), data.validation(), data.test()
    seen = np.asarray(x[:LOOKED_AT])
    counts = np.bincount(np.concatenate([y, y_validation]), minlength=len(data.classes))
    firsts = [int(np.argmax(np.asarray(y) == label)) for label in range(len(data.classes))]
    return Look(
        name=data.name,
        classes=tuple(map(str, data.classes)),
        shape=tuple(x.shape[1:]),
        train_size=len(x),
        validation_size=len(x_validation),
        test_size=len(x_test),
        dtype=str(x.dtype),
        lowest=float(seen.min()),
        highest=float(seen.max()),
        mean=float(seen.mean()),
        fewest=int(counts.min()),
        most=int(counts.max()),
        samples=tuple(np.asarray(x[i]) for i in firsts),
    )
