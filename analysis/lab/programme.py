"""The lab's ten questions, and the studies that answer each: the one place that says how many.

A question is answered by the studies that it *needs*. Those that it *compares* with say how much of
the answer is chance; without them there is an answer all the same, which says what it lacks.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tuner.records.questions import question_of

DATA_SETS = ("cifar10", "mnist")
"""What the lab is about."""

TRIALS: dict[str, int] = {"q2": 30, "q3": 30, "q4": 30, "q6": 30, "q8": 30, "q10": 50}
"""Trained trials of each search."""

SEEDS = (0, 1, 2)
"""Seeds of the searches that are compared with each other; the sweeps have three of their own."""


STUDIES = Path(__file__).resolve().parents[2] / "studies"


@functools.cache
def study_file(name: str) -> dict[str, Any]:
    """What the file of a built-in study says."""
    return tomllib.loads((STUDIES / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Part:
    """A study that is a part of the lab."""

    study: str
    """A built-in study's name."""
    seed: int = 0

    @property
    def name(self) -> str:
        """What it is called in the storage, before an ``@``."""
        return f"{self.study}-seed-{self.seed}" if self.seed else self.study

    @property
    def trials(self) -> int | None:
        """Trained trials; None for a sweep, which trains its grid."""
        return TRIALS.get(self.study)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets that the study names."""
        named = study_file(self.study)["data"]
        return (named,) if isinstance(named, str) else tuple(named)

    @property
    def target(self) -> float | None:
        """The accuracy to reach; None in a sweep."""
        return study_file(self.study).get("target")

    @property
    def prove(self) -> Literal["model"] | None:
        """What to prove; None: what the study says. Repeated searches prove their models only."""
        return "model" if self.seed else None

    def arguments(self) -> tuple[str, ...]:
        """Of the command that makes it, behind ``tuner``."""
        trials = ("--trials", str(self.trials)) if self.trials else ()
        if not self.seed:
            return ("search", self.study, *trials)
        again = ("--name", self.name, "--seed", str(self.seed), "--prove", str(self.prove))
        return ("search", self.study, *trials, *again)


def repeated(*studies: str) -> tuple[Part, ...]:
    """The same searches with further seeds, seed by seed."""
    return tuple(Part(study, seed) for seed in SEEDS[1:] for study in studies)


@dataclass(frozen=True)
class Question:
    """One of the lab's ten questions."""

    number: int
    title: str
    asks: str
    """The question, in a student's words; with ``{target}`` and ``{horizon}``."""
    needs: tuple[Part, ...] = ()
    compares: tuple[Part, ...] = ()
    data: tuple[str, ...] = ("cifar10",)
    short: str = ""
    """What is searched for, in a table; empty where nothing is."""

    @property
    def target(self) -> bool:
        """Whether it asks how small something can be that reaches a target."""
        return bool(self.short)

    @property
    def name(self) -> str:
        """``q4``."""
        return f"q{self.number}"

    @property
    def asked(self) -> str:
        """The question with the target and the horizon that its study has."""
        if not self.needs:
            return self.asks
        part = self.needs[0]
        horizon = study_file(part.study)["horizon"]
        return question_of(self.asks, part.datasets, part.target, horizon)


QUESTIONS: tuple[Question, ...] = (
    Question(
        1,
        "The data",
        "Which shape do the data have, and what do the numbers mean?",
        data=DATA_SETS,
    ),
    Question(
        2,
        "A fully connected network",
        "How small can a fully connected network be that is right on {target} of the images?",
        (Part("q2"),),
        short="fully connected",
    ),
    Question(
        3,
        "The same on MNIST",
        "How small can it be on MNIST, for a target that asks as much of it: {target}?",
        (Part("q3"),),
        (Part("q2"),),
        data=DATA_SETS,
        short="the same on MNIST",
    ),
    Question(
        4,
        "A convolutional network",
        "How small can a plain convolutional network be that is right on {target}?",
        (Part("q4"),),
        short="convolutional",
    ),
    Question(
        5,
        "Fully connected against convolutional",
        "Which accuracy does each of the two kinds of network have at which size?",
        (Part("q2"), Part("q4")),
    ),
    Question(
        6,
        "A convolutional network with dropout",
        "How small can it be with 20 % dropout, and what does dropout change?",
        (Part("q6"),),
        (Part("q4"), Part("q7"), *repeated("q4", "q6")),
        short="with 20 % dropout",
    ),
    Question(
        7,
        "What dropout does to training",
        "What does dropout do to training, validation and test accuracy?",
        (Part("q7"),),
    ),
    Question(
        8,
        "A convolutional network with batch normalisation",
        "How small can it be with batch normalisation, and what does that change?",
        (Part("q8"),),
        (Part("q4"), Part("q7"), Part("q9"), *repeated("q4", "q8")),
        short="with batch normalisation",
    ),
    Question(
        9,
        "The size of the minibatch",
        "What does the size of the minibatch change, with batch normalisation: accuracy and time?",
        (Part("q9"),),
    ),
    Question(
        10,
        "A residual network",
        "How small can a residual network be that is right on {target} within {horizon} epochs?",
        (Part("q10"),),
        short="residual",
    ),
)


def chosen(names: Iterable[str]) -> tuple[Question, ...]:
    """The questions of these names, such as ``q4``, in the lab's order; all where none is given.

    Raises:
        ValueError: There is none of that name; the text is the name.
    """
    wanted = list(names)
    known = {question.name: question for question in QUESTIONS}
    for name in wanted:
        if name not in known:
            raise ValueError(name)
    return tuple(q for q in QUESTIONS if not wanted or q.name in wanted)


def parts(questions: Sequence[Question]) -> tuple[Part, ...]:
    """What is to be trained for questions: first what they need, short ones first."""
    needed = [part for question in questions for part in question.needs]
    needed.sort(key=lambda part: part.study == "q10")  # hours longer than any other
    compared = [part for question in questions for part in question.compares]
    return tuple(dict.fromkeys([*needed, *sorted(compared, key=lambda part: part.seed)]))
