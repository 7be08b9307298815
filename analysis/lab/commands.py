"""The commands of the lab's questions and studies, as they can be typed again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.lab.answer import Answer
from analysis.lab.programme import Part, Question


@dataclass(frozen=True)
class Commands:
    """What every command has to say again.

    Attributes:
        again: Options that name the storage.
        data: Options that name the data.
    """

    again: Sequence[str] = ()
    data: Sequence[str] = ()

    def question(self, question: Question) -> str:
        """Trains what a question needs, and answers it."""
        return shlex.join(["tuner", "lab", question.name, *self.data, *self.again])

    def part(self, part: Part) -> str:
        """Makes one study."""
        verb, study, *rest = part.arguments()
        return shlex.join(["tuner", verb, study, *self.again, *rest, *self.data])

    def missing(self, answer: Answer) -> list[str]:
        """What to type for what is missing of an answer."""
        if answer.missing:
            return [self.part(part) for part in answer.missing]
        return [] if answer.answered else [self.question(answer.question)]
