"""What every source of data can say: whether a text names it, what is in it, how to read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tuner.data.raw import Raw

READING = 3
"""Raise it where files that were read before give other arrays, or other notes, from now on."""


@dataclass(frozen=True)
class Found:
    """A data set that a source has recognised.

    Attributes:
        name: What to call it.
        identity: What changes when its content does, in what JSON can hold; cheap to find out.
        read: Reads and decodes it.
    """

    name: str
    identity: Sequence[Any]
    read: Callable[[], Raw]


class Source(ABC):
    """One kind of place that data comes from.

    Attributes:
        described: What a user gives as ``--data``, and what that is.
        builtin: Names that are this source's, whatever lies on the disk.
    """

    described: ClassVar[Mapping[str, str]]
    builtin: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Recognises what a user gave.

        Args:
            text: What was given.
            path: The same as a path, absolute; it may not exist.
            cache: Folder for what must be kept meanwhile.

        Returns:
            The data set; None where this source is not meant.

        Raises:
            DataError: It is meant, but something of it is missing.
            OSError: The files cannot be looked at.
        """

    def nearly(self, text: str, path: Path) -> str | None:
        """Asked where no source is meant: whether something of this one's kind is.

        Args:
            text: What was given.
            path: The same as a path, absolute; it exists.

        Returns:
            One line that names what was seen and what to do; None where nothing was.
        """
        return None


def identity_of(root: Path, files: Sequence[Path]) -> list[Any]:
    """What changes when files do: their places, sizes and times, not their content.

    Args:
        root: The folder that the files are in, or the only file.
        files: All files of a data set.
    """
    entries = []
    for file in files:
        try:
            status = file.stat()
        except OSError:  # a broken link: reading it says so, by its name
            status = file.lstat()
        entries.append((str(file.relative_to(root)), status.st_size, status.st_mtime_ns))
    return [str(root), entries, READING]
