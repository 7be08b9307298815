"""Files that appear whole or not at all, and which file an error is about."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""A disk is full: the file that was written is at fault, whichever one the error names."""

IN_USE_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Between tries to do what Windows refuses for as long as another process has a file open."""


def part_of(file: Path, writer: str = "") -> Path:
    """What a file is written as, until it is whole and takes its own name.

    Args:
        file: The file; its suffix stays the last, for those who know a format by it.
        writer: Who writes it, where several may at once.
    """
    name = ".".join(filter(None, (file.name, writer, "part")))
    return file.with_name(f".{name}{file.suffix}")


def replace(part: Path, file: Path) -> Path:
    """Gives a whole file its own name, in place of the one before, in one step.

    Args:
        part: What was written; nobody has it open.
        file: Its name. On Windows one that another process has open, if only a scanner of
            viruses, cannot be replaced: that is tried again for two seconds.

    Raises:
        OSError: It cannot be replaced.
    """
    return once_unused(lambda: part.replace(file))


def once_unused(act: Callable[[], T]) -> T:
    """Does something to a file, tried again for two seconds while another process has it open."""
    for seconds in IN_USE_SECONDS:
        try:
            return act()
        except PermissionError:
            time.sleep(seconds)
    return act()


@contextlib.contextmanager
def whole(part: Path, file: Path) -> Iterator[None]:
    """Gives a file its name once the body has written it as `part`; else nothing is left of it.

    Args:
        part: What the body writes.
        file: Its name, see `replace`.

    Raises:
        OSError: It cannot be replaced.
    """
    try:
        yield
        replace(part, file)
    finally:
        remove(part)


def temporary_folder(what: str) -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone afterwards, but on Windows for what a library still has open."""
    return tempfile.TemporaryDirectory(prefix=f"tuner-{what}-", ignore_cleanup_errors=True)


def remove(file: Path) -> None:
    """Removes a file, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)


def remove_with_parts(file: Path) -> None:
    """Removes a file, and what dead processes had begun to write in its place."""
    for each in (file, *file.parent.glob(part_of(file, "*").name)):
        remove(each)


def elsewhere(error: OSError, own: Path) -> str | None:
    """The file that an error is about, where that is not the one being written.

    What is written is made of what is read: a body that writes may fail for another file's sake.

    Args:
        error: What went wrong.
        own: The file or folder that is written.

    Returns:
        The other file; None where the error is about the own one, or names none.
    """
    if error.errno in FULL or not isinstance(error.filename, str | bytes):
        return None
    name = os.fsdecode(error.filename)
    found, mine = Path(name).absolute(), own.absolute()
    related = found == mine or mine in found.parents or found in mine.parents
    return None if related else name
