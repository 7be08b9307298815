"""Arrays that this process holds: those of a notebook's variables.

They are written to the cache once, where every worker maps them; a study knows them by their
content, so that any process of this machine finds them there, also after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tuner.data.memory import require_room
from tuner.data.raw import Raw
from tuner.data.rules import check
from tuner.data.sources.arrays import raw_of
from tuner.data.sources.base import READING, Found, Source
from tuner.data.sources.set_aside import TEST_SPLIT, arrays_of, bytes_of_copies, with_test
from tuner.errors import DataError

WHERE = "data"
"""What errors call the whole: the argument of `tuner.search`."""
NAMED = re.compile(r"arrays-[0-9a-f]{16}")

FEWER = "take fewer examples, or give smaller numbers, float32 or uint8"
_HELD: dict[str, Raw] = {}


def hold(
    given: Any, *, test_split: float | None = None, seed: int = 0, relabel: bool = False
) -> str:
    """Keeps arrays for whoever asks for them by their content.

    Args:
        given: ``(x_train, y_train, x_test, y_test)``, ``(x, y)``, what Keras's ``load_data`` gives,
            or a dict of the usual names.
        test_split: Share of the examples to set aside as test examples, where there are none; None:
            `TEST_SPLIT`.
        seed: Of which.
        relabel: Whether the classes are going to be numbered anew, so that theirs may be any.

    Returns:
        What a study calls them.

    Raises:
        DataError: They cannot be used.
    """
    arrays = arrays_of(given)
    require_room("copies of the arrays", bytes_of_copies(arrays), FEWER)
    try:
        arrays, note = with_test(arrays, test_split, seed)
        raw = raw_of(WHERE, arrays)
        if not relabel:
            check(raw, WHERE)  # said of what the user gave, before anything has a name
    except MemoryError as error:
        raise DataError(f"copies of the arrays do not fit into memory: {FEWER}.") from error
    raw = raw.with_parts({}, notes=(*([note] if note else []), *raw.notes))
    name = f"arrays-{raw.content_hash()[:16]}"
    _HELD[name] = raw
    return name


def release() -> None:
    """Forgets the arrays, once they are in the cache."""
    _HELD.clear()


class HeldArrays(Source):
    """Arrays of this process, by the name that `hold` gave."""

    described: ClassVar[Mapping[str, str]] = {}

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any such name that is no file's."""
        if NAMED.fullmatch(text) is None or path.exists():
            return None
        return Found(text, [text, READING], lambda: _read(text))


def is_held(text: str) -> bool:
    """Whether a study's name for its data is one that `hold` gives."""
    return NAMED.fullmatch(text) is not None


def _read(name: str) -> Raw:
    if name not in _HELD:
        raise DataError(
            f"{name} were arrays of a notebook or a script, which are no longer in the cache: run "
            "the cell that searches with them again, or give them with --data."
        )
    return _HELD[name]


__all__ = ["TEST_SPLIT", "HeldArrays", "hold", "is_held", "release"]
