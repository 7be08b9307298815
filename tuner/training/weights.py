"""How much each example counts in the loss: the user's weights, and those of its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tuner.basics.suggestions import suggestion
from tuner.errors import StudyError
from tuner.training.arrays import Array

BALANCED = "balanced"
"""Every class counts as much as another: n / (classes * examples of the class), as scikit-learn."""

ClassWeight = str | Mapping[str, float]


def class_weights(
    wanted: ClassWeight | None, classes: Sequence[str], y: Array | None = None
) -> Array | None:
    """What each class counts, in the order of their labels.

    Args:
        wanted: ``"balanced"``, or a table of classes by name or number; those that it leaves out
            count 1.
        classes: Their names; empty in regression.
        y: The labels to balance, [n]; None: only whether the table can be used is looked at.

    Returns:
        float32, [classes]; None where none are wanted, or `y` is None and they are balanced.

    Raises:
        StudyError: There are no classes, or the table names one that there is not.
    """
    if wanted is None:
        return None
    if not classes:
        raise StudyError(
            "key 'class_weight' weighs classes, but the answers of this data are numbers; leave "
            "it out, and give sample_weight_train with the data to weigh examples."
        )
    if isinstance(wanted, str):
        if y is None:
            return None
        counts = np.bincount(y, minlength=len(classes))
        found: Array = (len(y) / (len(classes) * np.maximum(counts, 1))).astype(np.float32)
        return found
    weights = np.ones(len(classes), np.float32)
    for name, weight in wanted.items():
        weights[_index(name, classes)] = weight
    return weights


def _index(name: str, classes: Sequence[str]) -> int:
    """A class by its name, or else by its number."""
    if name in classes:
        return list(classes).index(name)
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    shown = ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
    raise StudyError(
        f"key 'class_weight' names the class {name!r}, which the data does not have"
        f"{suggestion(name, list(classes)) or '.'} Its classes are {shown}."
    )


def multiplied(sample: Array | None, by_class: Array | None, y: Array) -> Array | None:
    """What each example counts; None where all count alike.

    Args:
        sample: The user's own weights, [n].
        by_class: What each class counts, [classes].
        y: Labels, [n].
    """
    if by_class is None:
        return None if sample is None else np.asarray(sample, np.float32)
    found: Array = by_class[np.asarray(y)]
    return found if sample is None else (found * sample).astype(np.float32)
