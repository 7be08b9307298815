"""Examples in memory, whatever a model takes: one array, or a dict of arrays for several inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.data.dataset import some

__all__ = ["Array", "Arrays", "bytes_of_one", "count_of", "joined", "parts_of", "some"]

Array = npt.NDArray[Any]
Arrays = Any
"""[n, ...], or a dict with one such array for each name. Both are indexed and measured by the
functions of this module, so that nobody else has to tell one from the other."""


def parts_of(x: Arrays) -> list[Array]:
    """The arrays of which examples are made, in the order of their names."""
    return [x[name] for name in sorted(x)] if isinstance(x, Mapping) else [x]


def count_of(x: Arrays) -> int:
    """How many examples there are."""
    return len(parts_of(x)[0])


def bytes_of_one(x: Arrays) -> int:
    """Bytes of one example."""
    return sum(part[:1].nbytes for part in parts_of(x))


def joined(parts: list[Any]) -> Any:
    """Batches of what a model gives, in whatever structure, as one of each."""
    import keras

    return keras.tree.map_structure(lambda *p: np.concatenate([np.asarray(a) for a in p]), *parts)
