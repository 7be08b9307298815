"""The live view in a notebook: Jupyter, VS Code and Colab replace an output by its name."""

from __future__ import annotations

import html
import io
import sys
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, RenderableType

from tuner.records.studies import StudyRecord
from tuner.sessions.progress import RunProgress
from tuner.sessions.result import Result
from tuner.views import summary
from tuner.views.frame import frame

COLUMNS = 104
LINES = 26
MOST_NOTICES = 12
"""Lines of notices that stay above the picture, the latest."""
LETTERS = (
    "font-family:ui-monospace,Menlo,'DejaVu Sans Mono',Consolas,monospace;"
    "font-size:12.5px;line-height:1.3;white-space:pre;overflow-x:auto;margin:0;"
    "background:transparent;color:inherit"
)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, which shows HTML."""
    shell = sys.modules.get("IPython")
    active = None if shell is None else shell.get_ipython()
    return active is not None and getattr(active, "kernel", None) is not None


class NotebookView:
    """Redraws one output of a cell; the summary replaces it."""

    def __init__(self, again: Sequence[str] = ()) -> None:
        """`again` are options for next commands."""
        self._again = again
        self._name = f"tuner-{uuid.uuid4().hex}"
        self._notices: list[str] = []
        self._picture: list[RenderableType] = []
        self._drawn: str | None = None

    def started(self, record: StudyRecord, run: RunProgress) -> None:
        """The first picture."""
        self.updated(record, run)

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Above the picture, where it stays."""
        style = "font-weight:bold;border:1px solid;padding:2px 6px" if banner else ""
        self._notices.append(f'<div style="{style}">{html.escape(text)}</div>')
        self._draw()

    def updated(self, record: StudyRecord, run: RunProgress) -> None:
        """A new picture, where anything in it has changed."""
        self._picture = list(frame(record, run, COLUMNS, LINES))
        self._draw()

    def finished(self, result: Result) -> None:
        """The summary, in place of the picture."""
        self._picture = [summary.final(result, self._again)]
        self._draw()

    def close(self) -> None:
        """Nothing to give back."""

    def _draw(self) -> None:
        page = "".join(self._notices[-MOST_NOTICES:]) + as_html(self._picture)
        if page != self._drawn:
            first, self._drawn = self._drawn is None, page
            _show(page, self._name, first=first)


def as_html(lines: Iterable[RenderableType]) -> str:
    """What a terminal would show, as HTML that takes a notebook's own colours."""
    paper = Console(
        record=True,
        file=io.StringIO(),
        width=COLUMNS,
        color_system="standard",
        force_jupyter=False,  # it would show what it records
    )
    for line in lines:
        paper.print(line, highlight=False)
    return paper.export_html(
        inline_styles=True, code_format=f'<pre style="{LETTERS}">{{code}}</pre>'
    )


def _show(page: str, name: str, *, first: bool) -> None:
    from IPython import display

    show: Any = display.display if first else display.update_display
    show({"text/html": page, "text/plain": "a search, as a picture"}, raw=True, display_id=name)
