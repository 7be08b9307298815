"""What a running search tells whoever watches it: a terminal, a log, a notebook."""

from __future__ import annotations

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
