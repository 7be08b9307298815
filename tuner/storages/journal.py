"""Optuna's journal file, such that a process killed while it writes to it harms nobody."""

from __future__ import annotations

from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

GRACE_SECONDS = 30
"""A lock that is held for so long while nothing is written belongs to a dead process."""
BLOCK = 4_096
"""Bytes read at a time where the end of the last whole line is looked for."""


def open_journal(file: Path) -> JournalStorage:
    """Opens a journal, or begins one.

    Args:
        file: The journal. Its lock is a link to it, so that its path is made absolute: another
            would be looked up from the link's folder and not be found.
    """
    path = str(file.absolute())
    return JournalStorage(JournalFileBackend(path, MendingLock(path, GRACE_SECONDS)))


class MendingLock(JournalFileSymlinkLock):
    """A lock whose holder finds whole lines only.

    A process that is killed within a long write, or whose disk is full, leaves a part of a line.
    The next line would be written behind it, and nobody could read the two.

    Args:
        file: The journal.
        grace: Seconds after which a lock that nobody gives back is broken.
    """

    def __init__(self, file: str, grace: int) -> None:
        super().__init__(file, grace)
        self._journal = Path(file)

    def acquire(self) -> bool:
        """Waits for the lock, then cuts off what a dead process has left of a line."""
        acquired = super().acquire()
        try:
            self._cut()
        except BaseException:
            self.release()
            raise
        return acquired

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
