"""The lab's answers as a page in Markdown, with its figures in files beside it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.lab import spent
from analysis.lab.answer import Answer, Table
from analysis.lab.commands import FOLDER, Commands

IMAGES = Path("images") / "lab"
"""Where the figures lie, beside the page."""

OPENING = """# The lab's ten questions

How small can a network be that does what the lab's networks do? Each answer below was measured by
the command above it. `tuner lab{options}` makes all of them, and goes on where it was stopped.
{where}
A result is *certified* where it is proven on test images that nothing had read before: the accuracy
has a lower bound, with 95 % confidence, that is not below the target. It is *refuted* where that
was tried and failed. Either is said of a trained network, which is one file, or of its recipe,
which was trained anew with fresh seeds.

This page is written by the program from what is stored; nothing in it is typed by hand."""

WHERE = """
`DIR` is a folder with `cifar10/` and `mnist/` in it.
"""


def page(answers: Sequence[Answer], commands: Commands) -> str:
    """The whole page."""
    options = "".join(f" {option}" for option in commands.data)
    where = WHERE if FOLDER in commands.data else ""
    blocks = [OPENING.format(options=options, where=where).replace("\n\n\n", "\n\n")]
    if stand_ins := _stand_ins(answers):
        blocks.append(
            f"> **Made on a stand-in data set, which says nothing about CIFAR-10: {stand_ins}.**"
        )
    blocks += [_answer(answer, commands) for answer in answers]
    return "\n\n".join(blocks) + "\n"


def _stand_ins(answers: Sequence[Answer]) -> str:
    found = {r.name: r.stand_in for a in answers for r in a.studies if r.stand_in}
    return ", ".join(f"{escape(name)} ({escape(data)})" for name, data in found.items())


def _answer(answer: Answer, commands: Commands) -> str:
    question = answer.question
    blocks = [
        f"## {question.number}. {question.title}",
        f"*{question.asked}*",
        f"```sh\n{commands.question(question)}\n```",
    ]
    missing = "\n".join(commands.missing(answer))
    if not answer.answered:
        blocks.append(
            f"**Not run yet**, so there is no answer. To run it:\n\n```sh\n{missing}\n```"
        )
        return "\n\n".join(blocks)
    first, *rest = answer.lines
    blocks.append(f"**{escape(first)}**")
    blocks += [escape(line) for line in rest]
    blocks.append("\n".join(f"> {escape(sentence)}" for sentence in answer.told))
    for picture in answer.pictures:
        file = (IMAGES / f"{picture.name}.svg").as_posix()
        blocks.append(f"![{escape(picture.title)}]({file})\n\n{escape(picture.caption)}")
    blocks += [_table(table) for table in answer.tables]
    blocks.append("\n".join(f"- {line}" for line in _made(answer)))
    if missing:
        blocks.append(f"Missing here; to train it:\n\n```sh\n{missing}\n```")
    return "\n\n".join(blocks)


def _made(answer: Answer) -> list[str]:
    lines = [f"Proven: {escape(sentence)}" for sentence in answer.proven]
    if answer.seconds is not None:
        lines.append(f"Time: {spent.told(answer.seconds, answer.compared)}.")
    if answer.machine:
        lines.append(f"Machine: {escape(answer.machine)}.")
    if answer.studies:
        names = dict.fromkeys(f"{r.name} ({', '.join(r.dataset_names)})" for r in answer.studies)
        lines.append(f"Studies: {escape(', '.join(names))}.")
    return lines


def _table(table: Table) -> str:
    lines = [
        _row(table.header),
        _row("---:" if i in table.numbers else "---" for i in range(len(table.header))),
        *(_row(map(escape, row)) for row in table.rows),
    ]
    return "\n".join(lines) + (f"\n\n{escape(table.note)}" if table.note else "")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(raw: str) -> str:
    """Text as Markdown shows it unchanged."""
    for mark in ("\\", "|", "<", "*", "_", "`"):
        raw = raw.replace(mark, f"\\{mark}")
    return raw


def write_figures(answers: Sequence[Answer], folder: Path) -> list[Path]:
    """Draws every figure of the answers into files beside the page.

    Args:
        answers: The answers.
        folder: The page's.

    Returns:
        The files.

    Raises:
        OSError: One cannot be written.
    """
    files = []
    for answer in answers:
        for picture in answer.pictures:
            files.append(folder / IMAGES / f"{picture.name}.svg")
            save(picture.draw(), files[-1])
    return files


def save(figure: Figure, file: Path) -> None:
    """Writes a figure whole or not at all; its letters are outlines, the same everywhere."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    drawing = mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "tuner"})
    with drawing, warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+", UserWarning)
        try:
            figure.savefig(part, format=file.suffix[1:], dpi=144, metadata={"Date": None})
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
