"""What views are laid out with: styles, tables, names beside what they stand for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from tuner.records.studies import StudyRecord

STYLES = {
    "reached": "bold green",
    "trained": "green",
    "diverged": "red",
    "out of memory": "red",
    "failed": "red",
    "lost": "magenta",
    "pruned": "dim",
    "gated": "dim",
}
"""Named colours only, so that the terminal's theme decides how they look."""


LOUD = "bold white on red"


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """An empty table; the columns in `numbers` are set to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in columns:
        right = name in numbers
        made.add_column(name, justify="right" if right else "left", no_wrap=right)
    return made


def grid() -> Table:
    """Names and what they stand for."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def facts(rows: Sequence[tuple[str, Text]]) -> Table:
    """Names beside a line each."""
    table = grid()
    for name, line in rows:
        table.add_row(Text(f"  {name}"), line)
    return table


def data_names(record: StudyRecord) -> Text:
    """The data sets, loud where they are not what the study names."""
    style = LOUD if record.stand_in else ""
    return Text(", ".join(record.dataset_names), style=style)


def short_path(path: Path) -> str:
    """Relative to where the command was typed, if it is below."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return str(path)
    return str(path) if relative.startswith("..") else relative
