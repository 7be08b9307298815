"""Where views are drawn."""

from __future__ import annotations

import os

from rich.console import Console

PIPE_WIDTH = 160
"""Columns where no terminal says how many it has: a table in a file need not be cut to 80."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the command, whose exit code 1 has a meaning."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error, as wide as its terminal."""
    made = _Console(stderr=stderr, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made = _Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)
    return made
