"""Test examples that are also training examples: a score on them says nothing of new ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tuner.basics.numbers import count, percent
from tuner.data.dataset import Examples

if TYPE_CHECKING:
    from tuner.data.dataset import DataSet

MOST_SHARED = 0.01
"""Share of the test examples above which a certificate would be worth little."""


def count_shared(learning: Examples, test: Examples, validation: Examples | None = None) -> int:
    """How many test examples are, value for value, also in the training or validation part.

    Args:
        learning: Training and validation examples, [n, …], or several inputs by name.
        test: Test examples, [m, …], or the same inputs.
        validation: Validation examples that are not in `learning`.
    """
    asked = Counter(_digests(test))  # the smaller part: the others go by, one example at a time
    others = [learning] if validation is None else [learning, validation]
    seen = {digest for part in others for digest in _digests(part) if digest in asked}
    return sum(asked[digest] for digest in seen)


def _digests(examples: Examples) -> Iterator[bytes]:
    arrays = list(examples.values()) if isinstance(examples, Mapping) else [examples]
    for inputs in zip(*arrays, strict=True):
        content = b"".join(each.tobytes() for each in inputs)
        yield hashlib.blake2b(content, digest_size=16).digest()


def shared_warning(data: DataSet) -> str | None:
    """What to tell people before they search on such data; None where nothing is shared."""
    return f"{_said(data)}: take them out of one of the two." if data.shared else None


def notes_on(data: DataSet) -> list[str]:
    """What to tell whoever searches on a data set, a line each."""
    warning = shared_warning(data)
    return [*data.notes, *([] if warning is None else [warning])]


def certificate_refusal(data: DataSet) -> str | None:
    """Why these test examples certify nothing; None where at most `MOST_SHARED` are shared."""
    if data.shared <= MOST_SHARED * data.test_size:
        return None
    return (
        f"{_said(data)}, which is too much for a certificate: take them out of one of the two, or "
        "add --accept-duplicates."
    )


def _said(data: DataSet) -> str:
    kind = data.kind.plural
    return (
        f"{data.name}: {count(data.shared)} of {count(data.test_size)} test {kind} "
        f"({percent(data.shared / data.test_size)}) are also training {kind}, so that a score on "
        "them may be learned by heart"
    )
