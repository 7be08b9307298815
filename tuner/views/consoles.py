"""Where views are drawn."""

from __future__ import annotations

import os
from typing import Literal, TextIO

from rich.console import Console

PIPE_WIDTH = 160
"""Columns where no terminal says how many it has: a table in a file need not be cut to 80."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the command, whose exit code 1 has a meaning."""
        raise BrokenPipeError


def console(*, stderr: bool = False, file: TextIO | None = None) -> Console:
    """Standard output, standard error or a file, as wide as its terminal.

    Where ``NO_COLOR`` is set, text has neither colour nor weight: whoever sets it wants text alone,
    and Rich by itself would leave bold and dim in.
    """
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    made = _Console(stderr=stderr, file=file, highlight=False, color_system=colours)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPE_WIDTH
    return made
