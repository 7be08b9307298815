"""Question 1: the shapes of the data, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.lab import figures
from analysis.lab.answer import Answer, Evidence, Picture, Table
from analysis.lab.look import LOOKED_AT, Look
from analysis.lab.programme import Question
from tuner.records import words
from tuner.records.questions import title_of
from tuner.records.studies import StudyRecord


def looks_of(records: Sequence[StudyRecord]) -> dict[str, Look]:
    """What studies remember of their data sets, by name; nothing of the numbers themselves."""
    found: dict[str, Look] = {}
    for record in records:
        for key, d in record.data.items():
            name = str(d.get("name", key))
            shape = d.get("example_shape", d.get("image_shape", ()))
            found.setdefault(
                name,
                Look(
                    name=name,
                    classes=tuple(map(str, d.get("classes", ()))),
                    shape=tuple(shape) if isinstance(shape, Sequence) else (),
                    train_size=int(d.get("train_size", 0)),
                    validation_size=int(d.get("validation_size", 0)),
                    test_size=int(d.get("test_size", 0)),
                    dtype=str(d.get("dtype", "uint8")),
                ),
            )
    return found


def answer(question: Question, evidence: Evidence, looks: Mapping[str, Look]) -> Answer:
    """Shapes and meaning, from the data where they are at hand, else from what studies remember."""
    stored = looks_of(list(evidence.studies.values()))
    seen = list({**stored, **{look.name: look for look in looks.values()}}.values())
    if not seen:
        return Answer(question)
    drawn = [each for each in seen if each.samples]
    picture = Picture(
        "q1-data",
        "Question 1: the first training image of each class",
        "The first training image of each class, with the name that its label stands for.",
        lambda: figures.samples(drawn),
    )
    return Answer(
        question,
        lines=tuple(_described(each) for each in seen),
        proven=("There is nothing to prove: this is counted in the data themselves.",),
        told=(
            "A picture is a block of numbers, height x width x channels. Each says how bright one "
            "colour is in one pixel, from 0 (none of it) to 255 (all of it).",
            "A label is a number too, but only a name: class 3 is not more than class 2. So a "
            "network gives a probability for each class, and the highest one counts.",
        ),
        tables=(_shapes(seen), *_numbers(seen), _classes(seen)),
        pictures=(picture,) if drawn else (),
    )


def _described(of: Look) -> str:
    channels = of.shape[-1] if len(of.shape) == 3 else 1
    colour = "red, green and blue" if channels == 3 else "grey"
    shape = " x ".join(map(str, of.shape))
    whole = words.count(int(np.prod(of.shape)))
    return (
        f"{title_of(of.name)}: each image is an array of shape {shape}, {whole} numbers "
        f"({colour}), and belongs to one of {len(of.classes)} classes. "
        f"{words.count(of.train_size + of.validation_size)} images are for learning and "
        f"{words.count(of.test_size)} for the test."
    )


def _shapes(seen: Sequence[Look]) -> Table:
    rows = []
    for of in seen:
        for part, size in (
            ("training", of.train_size),
            ("validation", of.validation_size),
            ("test", of.test_size),
        ):
            shape = " x ".join(map(str, (f"{size:,}", *of.shape)))
            rows.append((title_of(of.name), part, shape, words.count(size)))
    header = ("data", "part", "shape of the images", "labels")
    note = "A tenth of the images for learning is kept back for validation, each class alike."
    return Table(header, tuple(rows), (3,), note)


def _numbers(seen: Sequence[Look]) -> list[Table]:
    measured = [of for of in seen if of.mean is not None]
    if not measured:
        return []
    rows = [
        (
            title_of(of.name),
            of.dtype,
            f"{of.lowest:g}",
            f"{of.highest:g}",
            f"{of.mean:.1f}",
            words.count(of.fewest) if of.fewest == of.most else f"{of.fewest:,} to {of.most:,}",
        )
        for of in measured
    ]
    header = ("data", "type", "lowest", "highest", "mean", "images a class")
    note = f"Lowest, highest and mean of the first {words.count(LOOKED_AT)} training images."
    return [Table(header, tuple(rows), (2, 3, 4, 5), note)]


def _classes(seen: Sequence[Look]) -> Table:
    rows = [(title_of(of.name), ", ".join(map(of.label, range(len(of.classes))))) for of in seen]
    return Table(("data", "labels and what they stand for"), tuple(rows))
