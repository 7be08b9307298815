"""The lab in one table and one picture: what was needed, what was found, what is proven."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.lab import figures
from analysis.lab.answer import Answer, Evidence
from analysis.lab.commands import Commands
from analysis.lab.programme import QUESTIONS
from tuner.records import words
from tuner.records.studies import StudyRecord

NOT_RUN = "not run"
NONE = "none"


def table(answers: Sequence[Answer], commands: Commands, picture: str) -> str:
    """The lab's table for a README: one number a cell, machine and caveats below.

    Args:
        answers: All of them.
        commands: What a command has to repeat.
        picture: The path of the figure, as the README names it.
    """
    header = ("question", "lab's model", "found", "proven, %", "times smaller", "minutes")
    rows = [_row(answer) for answer in answers if answer.question.target]
    lines = [
        f"| {' | '.join(header)} |",
        "|---|---:|---:|---:|---:|---:|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *_below(answers, commands),
        "",
        f"![Size against accuracy]({picture})",
    ]
    return "\n".join(lines)


def _row(answer: Answer) -> tuple[str, ...]:
    found, question = answer.found, answer.question
    name = f"{question.name}: {question.short}, {words.goal(question.needs[0].target)}"
    if found is None:
        return (name, *[NOT_RUN] * 5)
    minutes = NONE if answer.seconds is None else words.count(answer.seconds / 60)
    return (
        name,
        NONE if found.reference is None else words.count(found.reference),
        NONE if found.size is None else words.count(found.size),
        NONE if found.proven is None else words.hundredths(found.proven),
        NONE if found.times is None else words.times(found.times),
        minutes,
    )


def _below(answers: Sequence[Answer], commands: Commands) -> list[str]:
    machines = dict.fromkeys(a.machine for a in answers if a.found is not None and a.machine)
    stand_ins = dict.fromkeys(
        r.stand_in for a in answers for r in a.studies if a.found is not None and r.stand_in
    )
    options = "".join(f" {option}" for option in commands.data)
    lines = [
        "Sizes are trainable parameters of the smallest network that met the target. Proven is "
        "what it has at least on the test images, with 95 % confidence.",
        "Each row is one search with one seed; another seed finds another size.",
    ]
    if stand_ins:
        lines.append(f"Made on stand-in data: {', '.join(map(str, stand_ins))}.")
    if machines:
        lines.append(f"Machine: {'; '.join(machines)}.")
    lines.append(
        f"`tuner lab{options}` makes all of it; [all ten answers](docs/lab.md), with the sweeps."
    )
    return lines


def picture(evidence: Evidence) -> Figure:
    """Size against accuracy of the lab's models, published ones and those that were found."""
    named: list[tuple[str, StudyRecord]] = []
    for question in QUESTIONS:
        record = evidence.get(question.needs[0]) if question.target and question.needs else None
        if record is not None and record.target is not None:
            named.append((question.name, record))
    return figures.summary(named)
