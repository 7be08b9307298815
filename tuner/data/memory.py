"""Whether a data set fits into memory, asked before it is decoded."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from tuner.errors import DataError

SPARE = 0.1  # share of the free memory that is left to everything else
CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Where Linux says how much memory a container may take."""
OWN_GROUPS = Path("/proc/self/cgroup")
CONTROL_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Limit, what is taken, and the name of what would be dropped, in versions 2 and 1."""


SMALLER = "make the images smaller (small models rarely need more than 224x224), or take fewer"


def require_room(what: str, needed: int, do: str = SMALLER) -> None:
    """Refuses what would not fit into the memory that is free now.

    Args:
        what: What needs it, as the subject of a sentence in the plural.
        needed: Bytes.
        do: What its user can do.

    Raises:
        DataError: It does not fit.
    """
    free = available()
    if needed > free * (1 - SPARE):
        raise DataError(
            f"{what} take {gigabytes(needed)} of memory, and {gigabytes(free)} are free: {do}."
        )


def installed(control_group: Path | None = None) -> int:
    """Bytes of memory that this process could have at the most, swap included.

    Args:
        control_group: As in `available`.
    """
    import psutil

    most = int(psutil.virtual_memory().total) + int(psutil.swap_memory().total)
    return min([most, *(limit for limit, _ in _limits(control_group))])


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory ran out, in whatever words a library has for that."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    text = str(error).lower()
    return any(words in text for words in ("out of memory", "cannot allocate memory"))


def available(control_group: Path | None = None) -> int:
    """Bytes of memory that this process may still take, also within a container.

    Args:
        control_group: The folder of this process's control group; None: wherever it is.
    """
    import psutil

    free = int(psutil.virtual_memory().available)
    return max(0, min([free, *(limit - used for limit, used in _limits(control_group))]))


def _limits(control_group: Path | None) -> Iterator[tuple[int, int]]:
    """Limits of the control groups that this process is in, and what is taken of each, in bytes.

    What is taken does not count what the system keeps of files and would drop.
    """
    for folder in _groups() if control_group is None else [control_group]:
        for limit, used, dropped in CONTROL_FILES:
            try:
                most = int((folder / limit).read_text())
                now = int((folder / used).read_text())
                lines = (folder / "memory.stat").read_text().splitlines()
                cached = next((int(x) for n, x in map(str.split, lines) if n == dropped), 0)
            except (OSError, ValueError):  # another version, or no limit: "max"
                continue
            yield most, now - cached


def _groups() -> Iterator[Path]:
    """The folders of this process's control group and of those that it lies in."""
    found = {CONTROL_GROUP, CONTROL_GROUP / "memory"}
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_GROUPS.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "memory"):
                inside = Path(path.lstrip("/"))
                found |= {CONTROL_GROUP / kinds / p for p in (inside, *inside.parents)}
    yield from sorted(found)


def gigabytes(count: int) -> str:
    """Bytes for a message: ``0.6 GB``."""
    return f"{count / 1e9:,.1f} GB"
