"""One search, told to several watchers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result
from tuner.sessions.watcher import Watcher


class Several:
    """Tells each in turn.

    Args:
        watchers: The first is the one that a person looks at.
    """

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """Passed on."""
        for each in self._watchers:
            each.started(record, run)

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Passed on."""
        for each in self._watchers:
            each.notice(text, banner=banner)

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """Passed on."""
        for each in self._watchers:
            each.updated(record, run)

    def finished(self, result: Result) -> None:
        """Passed on."""
        for each in self._watchers:
            each.finished(result)

    def close(self) -> None:
        """Gives back whatever any of them holds."""
        for each in self._watchers:
            close: Any = getattr(each, "close", None)
            if close is not None:
                close()
