"""The rules that every data set must meet before it is split and kept."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.data.kinds import ImageKind, Kind, kind_of
from tuner.data.labels import called, check_labels
from tuner.data.oddities import NARROW, notes_on_raw
from tuner.data.raw import Part, Raw
from tuner.errors import DataError

FEWEST_PER_CLASS = 10  # a tenth of ten is the one example that validation needs of each class


def check(raw: Raw, source: str) -> Raw:
    """Return ``raw`` if it can be trained on and split, with notes on what is odd about it.

    Raises:
        DataError: A part is empty or dark, counts or shapes do not match, a label is out of range,
            there is one class only, all answers are the same, or a class or the groups are too few
            for a split.
    """
    for name, part in raw.parts.items():
        _check_part(source, called(name), part)
    if raw.task == "classification":
        check_labels(raw, source)
    _check_kinds(source, raw)
    if raw.task == "classification":
        _check_classes(source, raw)
    else:
        _check_amounts(source, raw)
    if raw.validation is None:
        _check_counts(source, raw)
        _check_groups(source, raw)
    for name, part in raw.parts.items() if raw.stream is None else ():
        for array in part.arrays.values():
            _check_range(source, called(name), array)
    return dataclasses.replace(raw, notes=(*raw.notes, *notes_on_raw(raw)))


def _check_part(source: str, name: str, part: Part) -> None:
    kind = part.kind
    for each, array in part.arrays.items():
        if len(array) != len(part):
            raise DataError(
                f"{source}: the inputs do not match: {len(array)} {name} examples of {each!r} and "
                f"{len(part)} of {next(iter(part.arrays))!r}; give as many of each."
            )
    if len(part) != len(part.y):
        raise DataError(
            f"{source}: labels do not match {kind.plural}: {len(part)} {name} {kind.plural} and "
            f"{len(part.y)} labels; give one label an {kind.name}."
        )
    if len(part) == 0:
        raise DataError(f"{source}: no {name} {kind.plural}; add some.")


def _check_kinds(source: str, raw: Raw) -> None:
    kind = raw.train.kind
    for name, part in raw.parts.items():
        if part.kind != kind:
            raise DataError(
                f"{source}: {kind.plural} of mixed size: training {kind.plural} are "
                f"{kind.described()} and {name} {kind.plural} "
                f"{part.kind.described()}; bring them all to one size{_type(kind, part.kind)}."
            )
        if part.y.shape[1:] != raw.train.y.shape[1:]:
            raise DataError(
                f"{source}: answers of mixed size: training answers have the shape "
                f"{list(raw.train.y.shape[1:])} and {name} answers {list(part.y.shape[1:])}; "
                "give as many numbers for each."
            )


def _type(one: Kind, other: Kind) -> str:
    return " and type" if one.shape == other.shape else ""


def _check_classes(source: str, raw: Raw) -> None:
    if len(raw.classes) < 2:
        raise DataError(
            f"{source}: only one class ({raw.classes[0]!r}); classification needs at least two."
        )
    if len(set(raw.classes)) < len(raw.classes):
        raise DataError(
            f"{source}: class names repeat: {', '.join(raw.classes)}; give each its own name."
        )


def _check_amounts(source: str, raw: Raw) -> None:
    for name, part in raw.parts.items():
        if (part.y == part.y[0]).all():
            answer = ", ".join(f"{number:g}" for number in part.y[:1].ravel()[:5])
            raise DataError(
                f"{source}: all {called(name)} answers are {answer}; there is nothing to learn: "
                "check how they were saved."
            )
    if raw.validation is None and len(raw.train) < FEWEST_PER_CLASS:
        raise DataError(
            f"{source}: too few examples for a 10 % validation split: {len(raw.train)} training "
            f"examples; give at least {FEWEST_PER_CLASS}, or validation examples of your own."
        )


def _check_counts(source: str, raw: Raw) -> None:
    """Each class needs examples on both sides of a split."""
    if raw.task == "regression" or raw.train.groups is not None:
        return
    counts = np.bincount(raw.train.y, minlength=len(raw.classes))
    fewest = int(counts.argmin())
    kind = raw.train.kind
    if counts[fewest] < FEWEST_PER_CLASS:
        without = f", or leave classes without {kind.plural} out with --relabel"
        advice = "" if counts[fewest] else without
        raise DataError(
            f"{source}: too few {kind.plural} for a stratified 10 % validation split: class "
            f"{raw.classes[fewest]!r} has {counts[fewest]} training {kind.plural}; give each "
            f"class at least {FEWEST_PER_CLASS}{advice}."
        )


def _check_groups(source: str, raw: Raw) -> None:
    groups = raw.train.groups
    if groups is None:
        return
    if len(np.unique(groups)) < 2:
        raise DataError(
            f"{source}: all training examples are of one group, which cannot be divided: give "
            "validation examples of your own, or leave the groups out."
        )
    if raw.task == "regression":
        return
    for label, name in enumerate(raw.classes):
        if len(np.unique(groups[raw.train.y == label])) < 2:
            raise DataError(
                f"{source}: class {name!r} is in one group of training examples only, which cannot "
                "be divided into training and validation: give each class at least two groups, or "
                "validation examples of your own."
            )


def _check_range(source: str, name: str, array: NDArray[Any]) -> None:
    """Numbers that a model cannot learn from, whatever it is."""
    kind = kind_of(array)
    if not isinstance(kind, ImageKind):
        _check_numbers(source, name, array)
        return
    # Pixels of 0 and 1 are masks, or floats that were cast: a model would see black images.
    brightest = max(int(image.max()) for image in array)
    if brightest == 0:
        raise DataError(
            f"{source}: every {name} image is black (all pixels are 0): check how it was saved."
        )
    if brightest == 1:
        raise DataError(
            f"{source}: the {name} images hold only 0 and 1, on a scale that goes to 255: multiply "
            "masks and drawings by 255; save floats as they are, without casting them."
        )


def _check_numbers(source: str, name: str, array: NDArray[Any]) -> None:
    if not array[0].size:
        raise DataError(
            f"{source}: the {name} examples have the shape {list(array.shape[1:])}, which holds "
            "no numbers: check how they were saved."
        )
    missing, first, constant = 0, -1, True
    for number, example in enumerate(array):
        constant = constant and bool((example == array.flat[0]).all())
        if array.dtype.kind == "f" and not np.isfinite(example).all():
            missing += int((~np.isfinite(example)).sum())
            first = number if first < 0 else first
    if missing:
        raise DataError(
            f"{source}: {missing:,} numbers of the {name} examples are NaN or infinite, the first "
            f"in example {first}: fill them in, or take these examples out."
        )
    low, high = float(array.min()), float(array.max())
    floats = array.dtype.kind == "f" and array.ndim == 4 and array.shape[3] in (1, 3)
    if floats and low >= 0 and 0 < high <= NARROW:
        raise DataError(
            f"{source}: the array of the {name} examples holds {array.dtype} from {low:g} to "
            f"{high:g} only, as if it had been divided by 255 twice: divide once, so that images "
            "reach 1."
        )
    if constant:
        raise DataError(
            f"{source}: every number of the {name} examples is {array.flat[0]:g}: check how they "
            "were saved."
        )
