"""What views are laid out with: styles, tables, names beside what they stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, OverflowMethod, RenderableType, RenderResult
from rich.padding import Padding
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

READABLE = 20
"""Columns that a cell of several words shall have at least, before it is broken into lines."""
WORD = 24
"""Columns that a word shall have at least, before it is broken."""
BESIDE = 30
"""Columns that a long fact shall have, to stand beside its name rather than below it."""


class Rows:
    """A table where it fits; with fewer columns where that fits; else a list of each row's cells.

    No number and no heading is ever cut: what has no room is left out, and a line says so.
    """

    def __init__(
        self, *columns: str, numbers: Sequence[str] = (), dispensable: Sequence[str] = ()
    ) -> None:
        """An empty table.

        Args:
            columns: Headings; the first names what a row is about.
            numbers: Columns that are set to the right and never broken.
            dispensable: Columns to leave out where there is no room, the first one first.
        """
        self._columns = columns
        self._numbers = numbers
        self._dispensable = dispensable
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: str | Text) -> None:
        """A cell a column."""
        self._rows.append(tuple(Text(c) if isinstance(c, str) else c for c in cells))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept, gone = list(self._columns), list[str]()
        width = options.max_width
        for name in self._dispensable:
            if self._least(kept) > width:
                kept.remove(name)
                gone.append(name)
        if self._least(kept) > width:
            yield from self._listed(width)
            return
        for name in reversed(gone):  # a narrow one may fit all the same
            more = [n for n in self._columns if n in (*kept, name)]
            kept = more if self._least(more) <= width else kept
        yield self._table(kept)
        if gone := [n for n in self._columns if n not in kept]:
            names = ", ".join(name.replace("\n", " ") for name in gone)
            yield Text(f"no room at {width} columns for: {names}", style="dim")

    def _cells(self, name: str) -> list[Text]:
        at = self._columns.index(name)
        return [row[at] for row in self._rows]

    def _least(self, names: Sequence[str]) -> int:
        """The narrowest that a table of these columns can be and still be read."""
        # A space on the left, and two between columns.
        return 1 + sum(2 + self._narrowest(name) for name in names)

    def _narrowest(self, name: str) -> int:
        heading = max(map(cell_len, name.split("\n")))
        if name in self._numbers:
            return max([heading, *(cell.cell_len for cell in self._cells(name))])
        lines = [line for cell in self._cells(name) for line in cell.plain.split("\n")]
        words = [cell_len(word) for line in lines for word in line.split()]
        longest = max(map(cell_len, lines), default=0)
        return max(heading, min(max(words, default=0), WORD), min(longest, READABLE))

    def _table(self, names: Sequence[str]) -> Table:
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for name in names:
            right = name in self._numbers
            fold: OverflowMethod = "fold"
            least = self._narrowest(name)
            made.add_column(
                name,
                justify="right" if right else "left",
                no_wrap=right,
                overflow=fold,
                min_width=least,
            )
        for row in self._rows:
            made.add_row(*(row[self._columns.index(name)] for name in names))
        return made

    def _listed(self, width: int) -> Iterator[RenderableType]:
        for first, *cells in self._rows:
            head = first.copy()
            head.stylize("bold")
            yield head
            shown = zip(self._columns[1:], cells, strict=True)
            yield facts([(name.replace("\n", " "), cell) for name, cell in shown if cell.plain])
        if not self._rows:
            yield Text(", ".join(self._columns), style="bold")


def table(*columns: str, numbers: Sequence[str] = (), dispensable: Sequence[str] = ()) -> Rows:
    """An empty table; the columns in `numbers` are set to the right."""
    return Rows(*columns, numbers=numbers, dispensable=dispensable)


class Facts:
    """Names beside a line each; where there is little room the line stands below its name."""

    def __init__(self, rows: Sequence[tuple[str, Text]]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = max((cell_len(name) for name, _ in self._rows), default=0) + 4
        longest = max((line.cell_len for _, line in self._rows), default=0)
        if options.max_width - names >= min(longest, BESIDE):
            made = Table.grid(padding=(0, 2))
            made.add_column(style="dim", no_wrap=True)
            made.add_column(overflow="fold")
            for name, line in self._rows:
                made.add_row(Text(f"  {name}"), line)
            yield made
            return
        for name, line in self._rows:
            if name:
                yield Text(f"  {name}", style="dim", overflow="fold")
            below = line.copy()
            below.overflow = "fold"
            yield Padding(below, (0, 0, 0, 4))


def facts(rows: Sequence[tuple[str, Text]]) -> Facts:
    """Names and what they stand for."""
    return Facts(rows)


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
