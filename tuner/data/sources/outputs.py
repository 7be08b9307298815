"""Answers of models with several outputs: a dict of arrays, of which the first is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tuner.data.dataset import Answers
from tuner.errors import DataError


def outputs_of(where: str, given: Mapping[str, tuple[str, Any]]) -> tuple[str, ...]:
    """The outputs' names, in the order of the training answers; none where there is only one.

    Args:
        where: What errors call the whole.
        given: For each part the user's name of its answers, and the answers.

    Raises:
        DataError: The parts have answers of different outputs.
    """
    key, first = given["train"]
    names = tuple(map(str, first)) if isinstance(first, Mapping) else ()
    if isinstance(first, Mapping) and not names:
        raise DataError(f"{where}: {key} is an empty dict: give an array for each output.")
    for other, y in given.values():
        found = set(map(str, y)) if isinstance(y, Mapping) else set()
        if found != set(names):
            raise DataError(
                f"{where}: {key} has the outputs {_listed(names)} and {other} {_listed(found)}: "
                "give both the same."
            )
    return names


def _listed(names: Any) -> str:
    return ", ".join(map(repr, sorted(names))) or "of no names"


def first_of(key: str, y: Any, outputs: Sequence[str]) -> tuple[str, Any]:
    """The answers of the first output, and what the user calls them."""
    if not outputs:
        return key, y
    by_name = {str(name): array for name, array in y.items()}
    return f"{key}[{outputs[0]!r}]", by_name[outputs[0]]


def others_of(
    where: str, key: str, y: Any, outputs: Sequence[str], count: int
) -> dict[str, Answers]:
    """What the other outputs are to give: whole numbers as they are, floats in float32.

    Raises:
        DataError: They are no numbers, not as many as the examples, or not finite.
    """
    by_name = {str(name): np.asarray(array) for name, array in y.items()}
    found = {}
    for name in outputs:
        array = by_name[name]
        if array.dtype.kind not in "fiub" or array.shape[:1] != (count,):
            raise DataError(
                f"{where}: {key}[{name!r}] holds {array.dtype} of shape {list(array.shape)}: give "
                f"{count} whole numbers or floats, one for each example."
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(
                f"{where}: {key}[{name!r}] holds numbers that are NaN or infinite: fill them in, "
                "or take these examples out."
            )
        found[name] = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
    return found
