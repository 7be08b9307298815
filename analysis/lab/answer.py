"""What an answer to one of the lab's questions is, however it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from analysis.lab.programme import Part, Question
from tuner.records.studies import StudyRecord


@dataclass(frozen=True)
class Table:
    """Rows under a header; the columns in `numbers` are set right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure that is drawn when it is asked for."""

    name: str
    """Of its file, without an ending."""
    title: str
    """For whoever cannot see it."""
    caption: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Found:
    """What a search found, a number each; None where there is none."""

    reference: int | None
    """Trainable parameters of the lab's model."""
    size: int | None
    """Of the smallest model that met the target and was not refuted."""
    proven: float | None
    """What it has at least on the test images, with confidence; None where that is not proven."""
    times: float | None
    """How many times smaller it is than the lab's model."""


@dataclass(frozen=True)
class Answer:
    """An answer, or what is missing for one."""

    question: Question
    lines: tuple[str, ...] = ()
    """Plain sentences, the answer first; none where the question is not answered."""
    proven: tuple[str, ...] = ()
    """What is proven of it, a sentence each."""
    told: tuple[str, ...] = ()
    """Two sentences for a student."""
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    studies: tuple[StudyRecord, ...] = ()
    """Those that it is made of."""
    seconds: float | None = None
    """That they took, by the clock; None where nothing was trained for it."""
    compared: float | None = None
    """Seconds of what it is compared with, beside."""
    machine: str = ""
    missing: tuple[Part, ...] = ()
    """Studies that have no results yet, or not all."""
    found: Found | None = None

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return bool(self.lines)


@dataclass(frozen=True)
class Evidence:
    """The lab's studies in a storage, by the names that `programme.Part` gives them."""

    studies: Mapping[str, StudyRecord]
    companions: Mapping[str, Sequence[StudyRecord]] = field(default_factory=dict)
    """Studies of proofs, by the name of the study whose results they prove."""

    def get(self, part: Part) -> StudyRecord | None:
        """A part's study, where it has results."""
        return self.studies.get(part.name)

    def lacking(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Those without results."""
        return tuple(part for part in parts if part.name not in self.studies)


def same_data(*records: StudyRecord) -> bool:
    """Whether studies have the very same images."""
    hashes = {tuple(str(d.get("hash")) for d in record.data.values()) for record in records}
    return len(hashes) == 1
