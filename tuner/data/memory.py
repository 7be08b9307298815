"""Whether a data set fits into memory, asked before it is decoded."""

from __future__ import annotations

from pathlib import Path

from tuner.errors import DataError

SPARE = 0.1  # share of the free memory that is left to everything else
CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Where Linux says how much memory a container may take."""


def require_room(what: str, needed: int) -> None:
    """Refuses what would not fit into the memory that is free now.

    Args:
        what: What needs it, as the subject of a sentence in the plural.
        needed: Bytes.

    Raises:
        DataError: It does not fit.
    """
    free = available()
    if needed > free * (1 - SPARE):
        raise DataError(
            f"{what} take {gigabytes(needed)} of memory, and {gigabytes(free)} are free: make the "
            "images smaller (small models rarely need more than 224x224), or take fewer."
        )


def available(control_group: Path = CONTROL_GROUP) -> int:
    """Bytes of memory that this process may still take, also within a container.

    Args:
        control_group: The folder of this process's control group, of version 2.
    """
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        most = int((control_group / "memory.max").read_text())
        used = int((control_group / "memory.current").read_text())
        pairs = (line.split() for line in (control_group / "memory.stat").read_text().splitlines())
        cached = next((int(value) for name, value in pairs if name == "inactive_file"), 0)
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return free
    return max(0, min(free, most - used + cached))


def gigabytes(count: int) -> str:
    """Bytes for a message: ``0.6 GB``."""
    return f"{count / 1e9:,.1f} GB"
