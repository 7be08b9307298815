"""What an exported file takes: images in bytes, other arrays, or several arrays by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.data.kinds import ImageKind, kind_from
from tuner.exports.orders import INPUT

OTHER = "inputs"
"""Name of the only input where it is no image in bytes."""
KEPT = frozenset({"uint8", "int8", "int32", "int64", "float32"})
WIDENED = {"int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}
"""Types that formats know, and what others become; anything else becomes float32."""


@dataclass(frozen=True)
class Inputs:
    """The inputs of a file.

    Attributes:
        shapes: Of one example of each, by name.
        dtypes: What numbers each takes.
        images: Whether the only one is an image in bytes.
        single: Whether there is only one, which has no name of its user's.
    """

    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]
    images: bool = False
    single: bool = True

    @classmethod
    def of(cls, shape: Any, dtype: Any = "uint8") -> Inputs:
        """What the data of a study has: shape and type, or dicts of them for several inputs."""
        if isinstance(shape, Mapping):
            return cls(
                {str(name): tuple(each) for name, each in shape.items()},
                {str(name): _known(dtype[name]) for name in shape},
                single=False,
            )
        images = isinstance(kind_from(shape, dtype), ImageKind)
        name = INPUT if images else OTHER
        return cls({name: tuple(shape)}, {name: _known(dtype)}, images)

    @property
    def names(self) -> Sequence[str]:
        """In the order of the data."""
        return list(self.shapes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the only input."""
        return next(iter(self.shapes.values()))

    def zeros(self) -> Any:
        """One example of nothing but zeros, as the data would give it."""
        made = {
            name: np.zeros((1, *shape), self.dtypes[name]) for name, shape in self.shapes.items()
        }
        return next(iter(made.values())) if self.single else made

    def by_name(self, x: Any) -> dict[str, Any]:
        """Examples, one array or a dict, as the file takes them."""
        given = {self.names[0]: x} if self.single else x
        return {name: np.asarray(given[name], self.dtypes[name]) for name in self.names}


def _known(dtype: str) -> str:
    return dtype if dtype in KEPT else WIDENED.get(dtype, "float32")
