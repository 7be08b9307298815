"""Optuna's journal file, such that a process killed while it writes to it harms nobody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import (
    JournalFileBackend,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)

from tuner.basics.files import once_unused

GRACE_SECONDS = 30
"""A lock that is held for so long while nothing is written belongs to a dead process."""
LINKS = os.name != "nt"
"""Whether anybody may make a symbolic link, which is the lock that holds on any network's disk."""
BLOCK = 4_096
"""Bytes read at a time where the end of the last whole line is looked for."""


def open_journal(file: Path) -> JournalStorage:
    """Opens a journal, or begins one.

    Args:
        file: The journal. Its lock is a link to it, so that its path is made absolute: another
            would be looked up from the link's folder and not be found.
    """
    path = str(file.absolute())
    lock = (MendingLinkLock if LINKS else MendingOpenLock)(path, GRACE_SECONDS)
    return JournalStorage(JournalFileBackend(path, lock))


class MendingLock:
    """A lock whose holder finds whole lines only; goes before one of Optuna's own.

    A process that is killed within a long write, or whose disk is full, leaves a part of a line.
    The next line would be written behind it, and nobody could read the two.

    Args:
        file: The journal.
        grace: Seconds after which a lock that nobody gives back is broken.
    """

    def __init__(self, file: str, grace: int) -> None:
        super().__init__(file, grace)  # type: ignore[call-arg]
        self._journal = Path(file)

    def acquire(self) -> bool:
        """Waits for the lock, then cuts off what a dead process has left of a line."""
        acquired = self._acquired()
        try:
            self._cut()
        except BaseException:
            super().release()  # type: ignore[misc]
            raise
        return acquired

    def _acquired(self) -> bool:
        """The lock, also where Windows is still removing the file of the one before."""
        wait: Callable[[], bool] = super().acquire  # type: ignore[misc]
        return once_unused(wait)

    def _cut(self) -> None:
        with self._journal.open("rb+") as file:
            end = at = file.seek(0, 2)
            while at:
                file.seek(start := max(0, at - BLOCK))
                if (found := file.read(at - start).rfind(b"\n")) >= 0:
                    if (whole := start + found + 1) < end:
                        file.truncate(whole)
                    return
                at = start


class MendingLinkLock(MendingLock, JournalFileSymlinkLock):
    """By a symbolic link."""


class MendingOpenLock(MendingLock, JournalFileOpenLock):
    """By a file that only one process can make."""
