"""The commands of the lab's questions and studies, as they can be typed again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.lab.answer import Answer
from analysis.lab.programme import DATA_SETS, Part, Question

FOLDER = "DIR"
"""Stands for the folder of the data sets, where no folder of one machine has a meaning."""


def anywhere() -> Commands:
    """Commands for a page that others read, on other machines."""
    return Commands((), ("--data", FOLDER), {name: f"{FOLDER}/{name}" for name in DATA_SETS})


@dataclass(frozen=True)
class Commands:
    """What every command has to say again.

    Attributes:
        again: Options that name the storage.
        data: Options that name the data, for `tuner lab`.
        sources: Where each of the lab's data sets is, by its name, for `tuner search`.
    """

    again: Sequence[str] = ()
    data: Sequence[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    def question(self, question: Question) -> str:
        """Trains what a question needs, and answers it."""
        return shlex.join(["tuner", "lab", question.name, *self.data, *self.again])

    def part(self, part: Part) -> str:
        """Makes one study."""
        verb, study, *rest = part.arguments()
        data = [self.sources[name] for name in part.datasets if name in self.sources]
        given = [word for source in data for word in ("--data", source)]
        return shlex.join(["tuner", verb, study, *self.again, *rest, *given])

    def missing(self, answer: Answer) -> list[str]:
        """What to type for what is missing of an answer."""
        if answer.missing:
            return [self.part(part) for part in answer.missing]
        return [] if answer.answered else [self.question(answer.question)]
