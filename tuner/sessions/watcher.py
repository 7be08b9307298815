"""What a running search tells whoever watches it: a terminal, a log, a notebook."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Protocol

from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result


class Watcher(Protocol):
    """Is told what happens, in the thread that called `tuner.search`."""

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """The study exists and workers are starting."""

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Something worth a line; with `banner`, something that must not be missed."""

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """The study as it is now; called about once a second, whether anything changed or not."""

    def finished(self, result: Result) -> None:
        """The run is over, also when it was interrupted."""


class Silent:
    """Watches without a word."""

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """Nothing."""

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Nothing."""

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """Nothing."""

    def finished(self, result: Result) -> None:
        """Nothing."""


class Attended:
    """A watcher whose reader may go away, as that of ``tuner search | head`` does.

    Attributes:
        gone: Whether it has gone. Nothing more is told then, and the search ends in order.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.gone = False
        self._watcher = watcher

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.started(record, run))

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.notice(text, banner=banner))

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.updated(record, run))

    def finished(self, result: Result) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.finished(result))

    def leave(self) -> None:
        """Raises what the watcher met, once all else is in order.

        Raises:
            BrokenPipeError: The reader has gone.
        """
        if self.gone:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def _tell(self, tell: Callable[[], None]) -> None:
        if self.gone:
            return
        try:
            tell()
        except BrokenPipeError:
            self.gone = True
