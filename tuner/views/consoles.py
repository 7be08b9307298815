"""Where views are drawn."""

from __future__ import annotations

import os
import sys
from typing import Any, Literal, TextIO

from rich.console import Console

PIPE_WIDTH = 160
"""Columns where no terminal says how many it has: a table in a file need not be cut to 80."""


CURVE = "▁▂▃▄▅▆▇█"
PLAIN = {**dict(zip(CURVE, "_.:-=+*#", strict=True)), "━": "=", "┄": "-", "·": ".", "…": "~"}
"""What stands for the signs of a picture where a console has no such letters."""


class _PlainText:
    """A stream that is given letters which it has.

    Args:
        stream: It.
        missing: What it lacks, and what stands for that.
    """

    def __init__(self, stream: TextIO, missing: dict[str, str]) -> None:
        self._stream = stream
        self._table = str.maketrans(missing)

    def write(self, text: str) -> int:
        """Writes what it can."""
        return self._stream.write(text.translate(self._table))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def missing_letters(encoding: str) -> dict[str, str]:
    """What stands for signs that an encoding lacks; for all of a curve where one is missing."""
    lacks = {sign for sign in PLAIN if not _has(encoding, sign)}
    if lacks & set(CURVE):
        lacks |= set(CURVE)
    return {sign: PLAIN[sign] for sign in lacks}


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


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
    stream: Any = file or (sys.stderr if stderr else sys.stdout)
    missing = missing_letters(getattr(stream, "encoding", None) or "utf-8")
    if missing:
        file = _PlainText(stream, missing)  # type: ignore[assignment]
    made = _Console(stderr=stderr, file=file, highlight=False, color_system=colours)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPE_WIDTH
    return made
