"""The lab's answers in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.lab import spent
from analysis.lab.answer import Answer, Table
from analysis.lab.commands import Commands


def lines(answer: Answer, commands: Commands) -> list[str]:
    """An answer as lines, to be wrapped by whoever shows them."""
    question = answer.question
    told = [f"{question.number}. {question.title}: {question.asked}"]
    missing = commands.missing(answer)
    if not answer.answered:
        return [*told, "   Not run yet, so there is no answer. To run it:", *_listed(missing)]
    told += [f"   {line}" for line in answer.lines]
    told += [row for table in answer.tables for row in _table(table)]
    told += [f"   Proven: {sentence}" for sentence in answer.proven]
    if answer.seconds is not None:
        told.append(f"   Time: {spent.told(answer.seconds, answer.compared)}.")
    if stand_ins := dict.fromkeys(r.stand_in for r in answer.studies if r.stand_in):
        told.append(f"   DATA: {', '.join(map(str, stand_ins)).upper()}")
    if missing:
        told += ["   Missing here; to train it:", *_listed(missing)]
    return told


def _listed(commands: Sequence[str]) -> list[str]:
    return [f"     {command}" for command in commands]


def _table(table: Table) -> list[str]:
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    shown = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in table.numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        shown.append(f"     {'  '.join(cells)}".rstrip())
    return shown
