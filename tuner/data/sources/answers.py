"""Answers as people save them: class numbers, class names, or amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Answers
from tuner.errors import DataError

FEW = 20
"""Different whole numbers up to which amounts may be meant as classes."""
Array = NDArray[Any]


@dataclass(frozen=True)
class Read:
    """Answers as they are kept.

    Attributes:
        answers: Of each part: int64 [n], class indices; or float32 [n] or [n, k], amounts.
        classes: Names in label order; none of amounts.
        named: Whether the names are the user's, not only numbers.
        notes: How they were understood, where that is a question.
    """

    answers: Mapping[str, Answers]
    classes: tuple[str, ...]
    named: bool
    notes: tuple[str, ...] = ()


def read_answers(where: str, given: Mapping[str, tuple[str, Any]], classes: Array | None) -> Read:
    """Finds out what the answers are: whole numbers, booleans and text are classes, floats amounts.

    Args:
        where: What errors call the whole.
        given: For each part the user's name of the array, and the array.
        classes: The user's names of the classes.

    Raises:
        DataError: They are none of these, or the parts are not of one kind.
    """
    arrays = {part: (key, _column(where, key, array)) for part, (key, array) in given.items()}
    first, train = arrays["train"]
    for key, array in arrays.values():
        if _sort(array) != _sort(train):
            raise DataError(
                f"{where}: {first} holds {train.dtype} and {key} {array.dtype}: give both as whole "
                "numbers or text (classes), or both as floats (amounts)."
            )
    if _sort(train) == "text":
        return _texts(where, arrays, classes)
    if _sort(train) == "amounts":
        if classes is not None:
            raise DataError(
                f"{where}: there are classes, but {first} holds {train.dtype}, which are amounts: "
                f"save whole numbers, or leave the classes out; {first}.astype(int) makes them."
            )
        amounts = {part: array.astype(np.float32) for part, (_, array) in arrays.items()}
        return Read(amounts, (), False, _question(where, first, train))
    labels = {part: _whole(where, key, array) for part, (key, array) in arrays.items()}
    if classes is not None:
        return Read(labels, _named(where, classes), True)
    # A label too large to be a class is refused by its rule; no names are made up to it.
    count = min(int(labels["train"].max(initial=0)), len(labels["train"])) + 1
    return Read(labels, tuple(str(label) for label in range(count)), False)


def _sort(array: Array) -> str:
    return {"U": "text", "S": "text", "f": "amounts"}.get(array.dtype.kind, "classes")


def _column(where: str, key: str, given: Any) -> Array:
    """Answers that have one axis, or amounts of two."""
    array = np.asarray(given)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "b" and array.ndim == 1:
        array = array.astype(np.int64)  # False and True are the classes 0 and 1, as in Keras
    several = array.ndim == 2 and array.dtype.kind == "f" and not _one_hot(array)
    if array.dtype.kind not in "iufUS" or not (array.ndim == 1 or several):
        raise DataError(
            f"{where}: {key} holds {array.dtype} of shape {list(array.shape)}: give one whole "
            "number or name an example, its class, or one float, its amount"
            f"{_hint(key, array)}."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        missing = int((~np.isfinite(array)).sum())
        raise DataError(
            f"{where}: {key} holds {array.dtype} of shape {list(array.shape)}; {missing:,} are NaN "
            "or infinite: give them a class or an amount, or take these examples out."
        )
    return array


def _one_hot(array: Array) -> bool:
    rows = array.size > 0 and ((array == 0) | (array == 1)).all()
    return bool(rows and (array.sum(axis=1) == 1).all())


def _hint(key: str, array: Array) -> str:
    if array.ndim == 2 and array.dtype.kind in "fiub" and _one_hot(array):
        return f"; {key}.argmax(1) makes them of these one-hot rows"
    return ""


def _whole(where: str, key: str, array: Array) -> Answers:
    if array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise DataError(
            f"{where}: {key} holds the label {array.max()}, which is too large to number a class: "
            f"number them 0, 1, 2, …; np.unique({key}, return_inverse=True)[1] does."
        )
    return array.astype(np.int64)


def _named(where: str, classes: Array) -> tuple[str, ...]:
    if classes.ndim != 1 or classes.dtype.kind not in "USiu":
        raise DataError(
            f"{where}: classes holds {classes.dtype} of shape {list(classes.shape)}: give one name "
            "for each class, in the order of their numbers."
        )
    return tuple(_text(name) for name in classes)


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _texts(where: str, arrays: Mapping[str, tuple[str, Array]], classes: Array | None) -> Read:
    key, train = arrays["train"]
    names = tuple(sorted({_text(name) for name in np.unique(train)}))
    if classes is not None:
        names = _named(where, classes)
    numbers = {name: number for number, name in enumerate(names)}
    labels = {}
    for other, array in arrays.values():
        unknown = [name for each in np.unique(array) if (name := _text(each)) not in numbers]
        if unknown:
            known = "classes" if classes is not None else key
            raise DataError(
                f"{where}: {other} holds the class {unknown[0]!r}, which is not in {known} "
                f"({', '.join(names[:5])}{', …' if len(names) > 5 else ''}): mend the name, add "
                "training examples of it, or take it out."
            )
    for part, (_, array) in arrays.items():
        found, places = np.unique(array, return_inverse=True)
        index = np.array([numbers[_text(name)] for name in found], np.int64)
        labels[part] = index[places.reshape(-1)] if len(found) else np.empty(0, np.int64)
    return Read(labels, names, True)


def _question(where: str, key: str, array: Array) -> tuple[str, ...]:
    """That amounts may have been meant as classes, where they look so."""
    found = np.unique(array) if array.ndim == 1 else array[:0, 0]
    if not len(found) or len(found) > FEW or (found % 1 != 0).any():
        return ()
    listed = ", ".join(f"{number:g}" for number in found[:5]) + (", …" if len(found) > 5 else "")
    return (
        f"{Path(where).name}: {key} holds {len(found)} different whole numbers as floats "
        f"({listed}), which are taken for amounts (regression); for classes save "
        f"{key}.astype(int).",
    )
