"""Which view a search has that was asked for by a program: what its user can see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuner.basics.environment import RESULTS
from tuner.basics.secrets import repeated

if TYPE_CHECKING:
    from tuner.sessions.watcher import Watcher


@contextlib.contextmanager
def watching(
    watcher: Watcher | None,
    *,
    in_process: bool = False,
    log: str | Sequence[str] = (),
    storage: str | None = None,
    results: Path = Path(RESULTS),
) -> Iterator[Watcher]:
    """A search's watcher: the caller's own, or the view that fits where this program runs.

    Args:
        watcher: The caller's; None: a live view in a notebook or on a terminal, else lines.
        in_process: Whether the trainings print into the same output: then a picture that is
            redrawn would be torn.
        log: Logs that are written besides, as `tuner.views.logs.log_of` takes them.
        storage: URL of the storage, as it was given.
        results: The results folder.
    """
    from tuner.views.logs import log_of
    from tuner.views.logs.several import Several

    logs = [log_of(text, results) for text in ([log] if isinstance(log, str) else log)]
    again = repeated(storage, results)
    with contextlib.ExitStack() as made:
        if watcher is None:
            watcher = made.enter_context(contextlib.closing(_fitting(again, in_process=in_process)))
        if logs:
            # A caller's own watcher is the caller's to close.
            made.enter_context(contextlib.closing(Several(logs)))
            watcher = Several([watcher, *logs])
        yield watcher


def _fitting(again: Sequence[str], *, in_process: bool) -> Any:
    from tuner.views.notebook import NotebookView, in_notebook

    if in_notebook():
        return NotebookView(again)
    from tuner.views.consoles import console

    out = console()
    if out.is_terminal and not out.is_dumb_terminal and not in_process:
        from tuner.views.live import Live

        return Live(out, again)
    from tuner.views.lines import Lines

    return Lines(out, console(stderr=True), again)
