"""Arrays that have names, out of a file, a folder or a function, as a data set."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.raw import PARTS, Part, Raw
from tuner.data.sources.answers import Read, read_answers
from tuner.data.sources.names import Names, canonical, names_of
from tuner.data.sources.outputs import first_of, others_of, outputs_of
from tuner.errors import DataError

ROWS = 2**24  # numbers converted at a time
SINGLE = 4  # bytes of the float32 that other floats become
ALPHA = 4  # channels of an image that has alpha
Array = NDArray[Any]
Inputs = Array | Mapping[str, Array]


def raw_of(where: str, given: Mapping[str, Inputs]) -> Raw:
    """Makes a data set of arrays.

    Args:
        where: What errors call the whole: a file, a folder, a function.
        given: Arrays by what their user calls them; examples may be dicts of arrays.

    Raises:
        DataError: One is missing or cannot be used; the line says what to do.
    """
    names = names_of(where, list(given))
    present = [part for part in PARTS if canonical("x", part) in names]
    labelled = {part: _labelled(names, given, "y", part) for part in present}
    outputs = outputs_of(where, labelled)
    read = read_answers(
        where,
        {part: first_of(*each, outputs) for part, each in labelled.items()},
        _plain(where, "classes", given[names.called("classes")]) if "classes" in names else None,
    )
    parts = {part: _part(where, names, given, part, read) for part in present}
    for part, (key, y) in labelled.items():
        if outputs:
            others = others_of(where, key, y, outputs[1:], len(parts[part].y))
            parts[part] = dataclasses.replace(parts[part], output=outputs[0], others=others)
    return Raw(
        train=parts["train"],
        test=parts["test"],
        validation=parts.get("validation"),
        classes=read.classes,
        named=read.named,
        notes=(*read.notes, *_notes(where, names, parts["train"])),
    )


def _labelled(names: Names, given: Mapping[str, Inputs], role: str, part: str) -> tuple[str, Any]:
    name = names.called(canonical(role, part))
    return name, given[name]


def _part(where: str, names: Names, given: Mapping[str, Inputs], part: str, read: Read) -> Part:
    key, x = _labelled(names, given, "x", part)
    if isinstance(x, Mapping):
        if not x:
            raise DataError(f"{where}: {key} is an empty dict: give an array for each input.")
        examples: Inputs = {
            str(name): examples_of(where, f"{key}[{name!r}]", array) for name, array in x.items()
        }
    else:
        examples = examples_of(where, key, x)
    count = len(read.answers[part])
    weights, groups = canonical("sample_weight", part), canonical("groups", part)
    return Part(
        examples,
        read.answers[part],
        _weights(where, *_labelled(names, given, "sample_weight", part), count)
        if weights in names
        else None,
        _groups(where, *_labelled(names, given, "groups", part), count)
        if groups in names
        else None,
    )


def _notes(where: str, names: Names, train: Part) -> list[str]:
    notes = []
    if names.unused:
        listed = ", ".join(names.unused[:5]) + (", …" if len(names.unused) > 5 else "")
        notes.append(
            f"{Path(where).name}: {listed} {'is' if len(names.unused) == 1 else 'are'} not used, "
            "for no such names are known."
        )
    for name, array in train.arrays.items():
        if array.dtype.kind != "f" or array.ndim not in (3, 4) or not array.size:
            continue
        low, high = span(array)
        if low >= 0 and 0.5 < high <= 1:
            what = names.called("x_train") + (f"[{name!r}]" if name else "")
            notes.append(
                f"{Path(where).name}: {what} holds floats from {low:g} to {high:g}, which models "
                "are given as they are: a model of your own needs no Rescaling(1 / 255)."
            )
    return notes


def span(array: Array) -> tuple[float, float]:
    """The least and the largest number, a few examples at a time."""
    rows = max(1, ROWS // max(1, math.prod(array.shape[1:])))
    parts = [array[start : start + rows] for start in range(0, len(array), rows)]
    return float(np.min([p.min() for p in parts])), float(np.max([p.max() for p in parts]))


def _plain(where: str, key: str, array: Any) -> Array:
    """Anything that NumPy makes an array of numbers or text of."""
    if isinstance(array, Mapping):
        raise DataError(f"{where}: {key} is a dict: give one array.")
    try:
        found: Array = np.asarray(array)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: {key} is no array ({' '.join(str(error).split())}): give one of numbers."
        ) from error
    if found.dtype.kind == "O":
        raise DataError(
            f"{where}: {key} holds Python objects: give an array of numbers, all of one shape."
        )
    return found


def examples_of(where: str, key: str, given: Any) -> Array:
    """Examples as they are kept: numbers as they are, but floats in float32.

    Bytes [n, h, w] are grey images, and bytes [n, h, w, 4] images with alpha, laid on white.

    Raises:
        DataError: They are no numbers, or have no examples' axis.
    """
    array = _plain(where, key, given)
    _check_type(where, key, array)
    if array.ndim == 0 or 0 in array.shape[1:]:
        raise DataError(
            f"{where}: {key} has shape {list(array.shape)}: give [n, …], with at least one number "
            "for each of n examples."
        )
    if array.ndim == 1:
        array = array[:, None]
    if array.dtype == np.uint8:
        return _bytes(where, key, array)
    if array.dtype.kind == "f":
        return _single(array)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _check_type(where: str, key: str, array: Array) -> None:
    if array.dtype.kind in "fiu":
        return
    hint = ""
    if array.dtype.kind == "b":
        hint = f"; {key}.astype('uint8') * 255 makes them of masks"
    elif array.dtype.kind == "M":
        hint = f"; {key}.astype('int64') makes numbers of times"
    raise DataError(
        f"{where}: {key} holds {array.dtype}: give uint8 from 0 to 255, or floats from any range"
        f"{hint}."
    )


def is_converted(dtype: np.dtype[Any]) -> bool:
    """Whether numbers of a type become float32: all other floats do."""
    return dtype.kind == "f" and dtype != np.float32


def bytes_converted(given: Array) -> int:
    """Bytes of the array that `examples_of` makes of examples; 0 where it keeps theirs."""
    if is_converted(given.dtype):
        return given.size * SINGLE
    alpha = given.dtype == np.uint8 and given.ndim == 4 and given.shape[-1] == ALPHA
    return given.size // ALPHA * (ALPHA - 1) if alpha else 0


def _single(array: Array) -> Array:
    """Floats in float32, a few examples at a time."""
    if not is_converted(array.dtype):
        return array
    made = np.empty(array.shape, np.float32)
    rows = max(1, ROWS // max(1, math.prod(array.shape[1:])))
    with np.errstate(over="ignore"):  # what becomes infinite is refused with all that is
        for start in range(0, len(array), rows):
            made[start : start + rows] = array[start : start + rows]
    return made


def _bytes(where: str, key: str, array: Array) -> Array:
    if array.ndim == 3:
        return array[..., None]
    if array.ndim != 4:
        return array
    if array.shape[1] in (1, 3, ALPHA) and array.shape[-1] not in (1, 3, ALPHA):
        raise DataError(
            f"{where}: {key} has shape {list(array.shape)}: give [n, h, w] or [n, h, w, c] with "
            f"the channels last; {key}.transpose(0, 2, 3, 1) puts them there."
        )
    return _on_white(array) if array.shape[-1] == ALPHA else array


def _on_white(array: Array) -> Array:
    images = np.empty((*array.shape[:-1], 3), np.uint8)
    rows = max(1, ROWS // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), rows):
        part = array[start : start + rows].astype(np.float32)
        alpha = part[..., 3:] / 255
        images[start : start + rows] = np.rint(part[..., :3] * alpha + 255 * (1 - alpha))
    return images


def _weights(where: str, key: str, given: Any, count: int) -> NDArray[np.float32]:
    array = _column(where, key, given, count)
    if array.dtype.kind not in "fiu":
        raise DataError(f"{where}: {key} holds {array.dtype}: give a number for each example.")
    if not np.isfinite(array).all() or (array < 0).any():
        wrong = int(np.flatnonzero(~np.isfinite(array) | (array < 0))[0])
        raise DataError(
            f"{where}: {key} holds {array[wrong]:g} for example {wrong}: weights are 0 or more."
        )
    if not (array > 0).any():
        raise DataError(f"{where}: {key} is 0 for every example: nothing would be learned.")
    return array.astype(np.float32)


def _groups(where: str, key: str, given: Any, count: int) -> NDArray[np.int64]:
    array = _column(where, key, given, count)
    if array.dtype.kind not in "iuUS":
        raise DataError(
            f"{where}: {key} holds {array.dtype}: give a whole number or a name for each example's "
            "group."
        )
    return np.unique(array, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _column(where: str, key: str, given: Any, count: int) -> Array:
    array = _plain(where, key, given)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (count,):
        raise DataError(
            f"{where}: {key} has shape {list(array.shape)} for {count} examples: give one number "
            f"an example, [{count}]."
        )
    return array
