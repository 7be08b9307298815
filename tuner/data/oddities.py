"""What is odd about data that can be used all the same: notes, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.basics.numbers import count, percent
from tuner.data.duplicates import count_shared
from tuner.data.kinds import ImageKind, kind_of
from tuner.data.memory import gigabytes
from tuner.data.raw import Raw

LARGE = 512 * 512  # pixels of an image from which a search is slow and short of memory
MINIBATCH = 32
NARROW = 1.001 / 255
"""Numbers of a grid that reach no further were divided by 255 once too often, or are masks."""
WIDE = 50.0
"""Numbers beyond this make the first steps of a training wild."""


def notes_on_raw(raw: Raw) -> list[str]:
    """A sentence each."""
    found = [*_large(raw), *_untested(raw), *_unvalidated(raw)]
    return found if raw.stream is not None else [*found, *_learned(raw), *_ranges(raw)]


def _large(raw: Raw) -> Iterator[str]:
    kind = raw.train.kind
    if not isinstance(kind, ImageKind):
        return
    height, width, channels = kind.shape
    if height * width > LARGE:
        batch = MINIBATCH * height * width * channels * 4
        yield (
            f"Images of {kind.described()} are large for small models: {MINIBATCH} of "
            f"them take {gigabytes(batch)} before the first layer, and a layer of 16 filters on "
            f"all pixels {gigabytes(batch // channels * 16)}. Make them smaller where training is "
            "slow or runs out of memory."
        )


def _untested(raw: Raw) -> Iterator[str]:
    if names := _without(raw, "test"):
        yield (
            f"There are no test {raw.train.kind.plural} of {names}: a certificate will say nothing "
            "about that."
        )


def _unvalidated(raw: Raw) -> Iterator[str]:
    if raw.validation is not None and (names := _without(raw, "validation")):
        yield (
            f"There are no validation {raw.train.kind.plural} of {names}: a search will not see "
            "how models do there. Add some, or leave the validation set out: then it is a tenth "
            "of each class."
        )


def _without(raw: Raw, part: str) -> str:
    """Classes that a part has no examples of, listed; empty where there are none."""
    if raw.task == "regression":
        return ""
    counts = np.bincount(raw.parts[part].y, minlength=len(raw.classes))
    missing = np.flatnonzero(counts == 0)
    names = ", ".join(repr(raw.classes[label]) for label in missing[:5])
    return names + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")


def _learned(raw: Raw) -> Iterator[str]:
    """Validation examples of the user's own that are training examples as well."""
    if raw.validation is None:
        return
    if shared := count_shared(raw.train.x, raw.validation.x):
        total, kind = len(raw.validation), raw.train.kind.plural
        yield (
            f"{count(shared)} of {count(total)} validation {kind} ({percent(shared / total)}) are "
            "also training ones, so that validation may be learned by heart: take them out of "
            "one of the two."
        )


def _ranges(raw: Raw) -> Iterator[str]:
    for name, array in raw.train.arrays.items():
        what = f"training {raw.train.kind.plural}{f' of {name!r}' if name else ''}"
        if (note := _range(what, array)) is not None:
            yield note


def _range(what: str, array: NDArray[Any]) -> str | None:
    if isinstance(kind_of(array), ImageKind) or array.ndim < 3:
        return None
    low = min(float(example.min()) for example in array)
    high = max(float(example.max()) for example in array)
    said = f"The {what} hold {array.dtype} from {low:g} to {high:g} only"
    if array.dtype.kind == "f" and low >= 0 and 0 < high <= NARROW:
        return f"{said}, as if they had been divided by 255 twice: divide once, if so."
    if array.dtype.kind != "f" and (low, high) == (0, 1):
        return (
            f"{said}: where these are masks on a scale that goes to {np.iinfo(array.dtype).max}, "
            "multiply them."
        )
    return None
