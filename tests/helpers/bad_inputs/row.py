"""A row of the table: a command that cannot be done, and what has to be said of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Make = Callable[[Path], Any]


def nothing(folder: Path) -> None:
    """Leaves the folder empty."""


@dataclass(frozen=True)
class Row:
    """A bad input.

    Attributes:
        name: Of the test.
        command: What is typed behind ``tuner``; ``{}`` stands for what `make` gives back.
        said: Parts of the one line: what was received, and what to do.
        make: Fills the folder that the command is typed in.
        environment: Variables that are set.
    """

    name: str
    command: str
    said: tuple[str, ...]
    make: Make = nothing
    environment: Mapping[str, str] = field(default_factory=dict)

    def typed(self, folder: Path) -> list[str]:
        """The arguments, once the folder is filled."""
        given = str(self.make(folder))
        return [given if word == "{}" else word for word in shlex.split(self.command)]


def text(name: str, content: str | bytes) -> Make:
    """Writes one file."""

    def make(folder: Path) -> Path:
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
        return folder / name

    return make
