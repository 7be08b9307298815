"""What an example is: its shape and type, in words too, and what may be done to it in training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

CHANGES = ("flip", "shift", "cutout")
"""Hyperparameters that change examples which lie on a grid, anew in each epoch."""


@dataclass(frozen=True)
class ImageKind:
    """An image: uint8, [height, width, channels].

    Attributes:
        shape: Height, width and channels.
    """

    name: ClassVar[str] = "image"
    plural: ClassVar[str] = "images"
    augmentations: ClassVar[tuple[str, ...]] = CHANGES
    """Hyperparameters that change examples of this kind, anew in each epoch."""
    dtype: ClassVar[str] = "uint8"

    shape: tuple[int, int, int]

    def described(self) -> str:
        """Such as ``32x32 with 3 channels``."""
        height, width, channels = self.shape
        return f"{height}x{width} with {channels} channel{'s' if channels > 1 else ''}"


@dataclass(frozen=True)
class ArrayKind:
    """An array of numbers that is no image of 1 or 3 channels in bytes.

    Attributes:
        shape: Of one example.
        dtype: NumPy's name of the type of its numbers.
    """

    name: ClassVar[str] = "example"
    plural: ClassVar[str] = "examples"

    shape: tuple[int, ...]
    dtype: str

    @property
    def augmentations(self) -> tuple[str, ...]:
        """Those of images where it is [height, width, channels]; else none."""
        return CHANGES if len(self.shape) == 3 else ()

    def described(self) -> str:
        """Such as ``128x9 numbers (float32)``."""
        numbers = "numbers" if math.prod(self.shape) != 1 else "number"
        return f"{'x'.join(map(str, self.shape)) or '1'} {numbers} ({self.dtype})"


OneKind = ImageKind | ArrayKind


@dataclass(frozen=True)
class InputsKind:
    """Several arrays that belong together, by name.

    Attributes:
        kinds: What each of them is, in the order in which they were given.
    """

    name: ClassVar[str] = "example"
    plural: ClassVar[str] = "examples"
    augmentations: ClassVar[tuple[str, ...]] = ()

    kinds: Mapping[str, OneKind]

    @property
    def shape(self) -> dict[str, tuple[int, ...]]:
        """Of one example of each."""
        return {name: tuple(kind.shape) for name, kind in self.kinds.items()}

    @property
    def dtype(self) -> dict[str, str]:
        """NumPy's name of the type of each."""
        return {name: kind.dtype for name, kind in self.kinds.items()}

    def described(self) -> str:
        """Such as ``two inputs: ...``, each by its name."""
        each = (f"{name!r} of {kind.described()}" for name, kind in self.kinds.items())
        return f"{len(self.kinds)} inputs, " + ", ".join(each)


Kind = ImageKind | ArrayKind | InputsKind
Shape = tuple[int, ...] | dict[str, tuple[int, ...]]


def kind_of(x: NDArray[Any] | Mapping[str, NDArray[Any]]) -> Kind:
    """What the examples of an array, [n, ...], or of several by name, are."""
    if isinstance(x, Mapping):
        return InputsKind({name: _one(tuple(a.shape[1:]), a.dtype.name) for name, a in x.items()})
    return _one(tuple(x.shape[1:]), x.dtype.name)


def kind_from(shape: Any, dtype: Any = "uint8") -> Kind:
    """A kind out of what JSON holds of its shape and type; the types of several, by name."""
    if isinstance(shape, Mapping):
        return InputsKind({name: _one(tuple(s), dtype[name]) for name, s in shape.items()})
    return _one(tuple(shape), dtype)


def stored_kind(fields: Mapping[str, Any]) -> Kind | None:
    """The kind of what a study remembers of its data; None where it says nothing of it."""
    shape = fields.get("example_shape", fields.get("image_shape"))
    return None if shape is None else kind_from(shape, fields.get("dtype", "uint8"))


def shape_words(kind: Kind | None, times: str = "x") -> str:
    """Such as ``32x32x3``; of several inputs each behind its name; empty where it is not known."""
    if kind is None:
        return ""
    if isinstance(kind.shape, dict):
        return ", ".join(f"{name} {times.join(map(str, s))}" for name, s in kind.shape.items())
    return times.join(map(str, kind.shape))


def _one(shape: tuple[int, ...], dtype: str) -> OneKind:
    if dtype == "uint8" and len(shape) == 3 and shape[2] in (1, 3):
        return ImageKind((shape[0], shape[1], shape[2]))
    return ArrayKind(shape, dtype)


def numbers_in(kind: Kind) -> int:
    """How many numbers an example holds."""
    shapes = kind.shape.values() if isinstance(kind.shape, dict) else [kind.shape]
    return sum(math.prod(shape) for shape in shapes)


def bytes_of(kind: Kind) -> int:
    """How many bytes an example takes."""
    if isinstance(kind, InputsKind):
        return sum(map(bytes_of, kind.kinds.values()))
    return math.prod(kind.shape) * np.dtype(kind.dtype).itemsize
