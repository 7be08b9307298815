"""Which view a search has that was asked for by a program: what its user can see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.sessions.watcher import Watcher


@contextlib.contextmanager
def watching(watcher: Watcher | None, *, in_process: bool = False) -> Iterator[Watcher]:
    """A search's watcher: the caller's own, or the view that fits where this program runs.

    Args:
        watcher: The caller's; None: a live view in a notebook or on a terminal, else lines.
        in_process: Whether the trainings print into the same output: then a picture that is
            redrawn would be torn.
    """
    made: Any = _fitting(in_process) if watcher is None else None
    try:
        yield watcher or made
    finally:
        if made is not None:
            made.close()


def _fitting(in_process: bool) -> Any:
    from tuner.views.notebook import NotebookView, in_notebook

    if in_notebook():
        return NotebookView()
    from tuner.views.consoles import console

    out = console()
    if out.is_terminal and not out.is_dumb_terminal and not in_process:
        from tuner.views.live import Live

        return Live(out)
    from tuner.views.lines import Lines

    return Lines(out, console(stderr=True))
