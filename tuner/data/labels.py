"""Labels as people number their classes, and as training needs them: from 0, without gaps."""

from __future__ import annotations

import dataclasses

import numpy as np

from tuner.data.dataset import Labels
from tuner.data.raw import Raw
from tuner.errors import DataError

SHOWN = 8  # labels that a message lists


def relabelled(raw: Raw, source: str) -> Raw:
    """The same examples with their classes numbered 0, 1, 2, … in the order of their labels.

    A class keeps its name where the source names it, else it is called by the label that it had.
    Classes without training examples are left out.

    Args:
        raw: As its source gives it.
        source: What the user gave.

    Raises:
        DataError: The test examples have a label that no training example has.
    """
    if raw.stream is not None:
        raise DataError(
            f"{source}: --relabel cannot change what your iterators give: number the classes from "
            "0 in your function."
        )
    if raw.task == "regression":
        raise DataError(
            f"{source}: --relabel numbers classes, and the answers are amounts ({raw.train.y.dtype}"
            "): leave it out, or save the labels as whole numbers."
        )
    found = np.unique(raw.train.y)
    parts = {}
    for name, part in raw.parts.items():
        unknown = np.setdiff1d(part.y, found)
        if len(unknown):
            raise DataError(
                f"{source}: {name} label {unknown[0]} is the label of no training example "
                f"({listed(found)}): add training examples of it, or take it out of the {name} set."
            )
        labels = np.searchsorted(found, part.y).astype(np.int64)
        parts[name] = dataclasses.replace(part, y=labels)
    return raw.with_parts(parts, classes=_names(raw, found))


def check_labels(raw: Raw, source: str) -> None:
    """Refuses labels that are not 0 to one less than the number of classes.

    Raises:
        DataError: A label is out of that range, or a class that only a number names has no
            training example.
    """
    count = len(raw.classes)
    kind = raw.train.kind
    for name, part in raw.parts.items():
        wrong = np.flatnonzero((part.y < 0) | (part.y >= count))
        if len(wrong):
            needed = f"{count} classes need labels 0 to {count - 1}" if count else "none is below 0"
            raise DataError(
                f"{source}: {called(name)} label {part.y[wrong[0]]} of {kind.name} {wrong[0]} is "
                f"out of range: {needed}{_advice(np.unique(raw.train.y), count)}."
            )
    found = np.unique(raw.train.y)
    if not raw.named and len(found) and len(found) < count:
        missing = np.setdiff1d(np.arange(count), found)[0]
        raise DataError(
            f"{source}: class '{missing}' has 0 training {kind.plural}{_advice(found, count)}."
        )


def called(part: str) -> str:
    """A part's name as people say it."""
    return "training" if part == "train" else part


def listed(labels: Labels) -> str:
    """Sorted labels for a message: ``labels 1 to 10``, ``labels 0, 2, 5``."""
    if len(labels) > 2 and labels[-1] - labels[0] == len(labels) - 1:
        return f"labels {labels[0]} to {labels[-1]}"
    more = ", …" if len(labels) > SHOWN else ""
    return f"labels {', '.join(map(str, labels[:SHOWN]))}{more}"


def _advice(found: Labels, classes: int) -> str:
    """What the training labels are, and what to do where they are not counted from 0."""
    if not len(found) or (found[0] == 0 and found[-1] == len(found) - 1 < classes):
        return ""
    first, contiguous = int(found[0]), found[-1] - found[0] == len(found) - 1
    change = f"number them 0 to {len(found) - 1}"
    if first and contiguous:
        change = f"subtract {first}" if first > 0 else f"add {-first}"
    return f"; the training set has {listed(found)}: {change}, or add --relabel to take them so"


def _names(raw: Raw, found: Labels) -> tuple[str, ...]:
    if raw.named and found[0] >= 0 and found[-1] < len(raw.classes):
        return tuple(raw.classes[label] for label in found)
    if raw.named and len(found) == len(raw.classes):
        return raw.classes
    return tuple(str(label) for label in found)
