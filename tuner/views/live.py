"""The live view on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live as RichLive

from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result
from tuner.views import summary
from tuner.views.frame import frame
from tuner.views.lines import described
from tuner.views.notices import banner as panel


class Live:
    """Redraws one picture in place; notices stay above it, the summary replaces it."""

    def __init__(self, out: Console, again: Sequence[str] = ()) -> None:
        """`again` are options that the next commands must repeat."""
        self._out = out
        self._again = again
        self._live: RichLive | None = None
        self._drawn: object = None

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """The first picture."""
        self._live = RichLive(console=self._out, auto_refresh=False, transient=True)
        self._live.start()
        for line in described(record):
            self.notice(line)
        self.updated(record, run)

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Above the picture, where it stays."""
        if banner:
            self._out.print(panel(text))
        else:
            self._out.print(text, markup=False, highlight=False)

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """A new picture, where anything in it has changed."""
        if self._live is None:
            return
        width, height = self._out.size
        # The last line and column stay free: a full screen scrolls, and scrolling flickers.
        lines = frame(record, run, width - 1, height - 1)
        seen = (width, height, [(line.plain, line.spans) for line in lines])
        if seen != self._drawn:
            self._drawn = seen
            self._live.update(Group(*lines), refresh=True)

    def finished(self, result: Result) -> None:
        """The summary, in place of the picture."""
        self.close()
        self._out.print(summary.final(result, self._again))

    def close(self) -> None:
        """Gives the terminal back, also after an error."""
        if self._live is not None:
            self._live.stop()
            self._live = None
