"""Question 5: the fully connected network against the convolutional one, at every size."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.lab import figures, spent
from analysis.lab.answer import Answer, Evidence, Picture, Table, same_data
from analysis.lab.programme import Question
from tuner.records import words
from tuner.records.studies import StudyRecord

TARGETS = (0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65)
"""Accuracies at which the two are compared."""

Step = tuple[float, float]
"""Trainable parameters, and the accuracy that they came to."""


def answer(question: Question, evidence: Evidence) -> Answer:
    """Both frontiers, and how many times as many parameters the one needs for the same."""
    missing = evidence.lacking(question.needs)
    if missing:
        return Answer(question, missing=missing)
    dense, conv = (evidence.studies[part.name] for part in question.needs)
    if not same_data(dense, conv):
        data = " and ".join(f"{r.name} on {', '.join(r.dataset_names)}" for r in (dense, conv))
        return Answer(
            question,
            lines=(f"Not compared: {data} are results on different data.",),
            studies=(dense, conv),
        )
    edges = frontier(dense), frontier(conv)
    made = sum(spent.seconds(r, evidence.companions.get(r.name, ())) for r in (dense, conv))
    return Answer(
        question,
        lines=(_headline(dense, *edges), _limit(dense, conv)),
        proven=(
            "These are validation accuracies, of trainings that were partly stopped early: a lower "
            "bound of what each size can do. What is proven of the smallest models, questions 2 "
            "and 4 say.",
        ),
        told=(
            "A convolutional network uses the same few weights at every place of the picture; a "
            "fully connected one has to learn every place by itself.",
            _second(*edges),
        ),
        tables=(_table(*edges), _worth({"fully connected": dense, "convolutional": conv})),
        pictures=(
            Picture(
                "q5-frontiers",
                "Question 5: accuracy against size of fully connected and convolutional networks",
                "Each mark is a network that was trained. The steps join those that no smaller "
                "one matched, without those that failed their proof.",
                lambda: figures.frontiers(
                    {"fully connected": dense, "convolutional": conv},
                    {"fully connected": edges[0], "convolutional": edges[1]},
                ),
            ),
        ),
        studies=(dense, conv),
        seconds=made,
        machine=spent.machine([dense, conv]),
    )


def frontier(record: StudyRecord) -> list[Step]:
    """The sizes that no smaller one matched in accuracy, the smallest first.

    A network whose proof failed had its validation accuracy by luck.
    """
    best, steps = -1.0, list[Step]()
    failed = record.refuted
    seen = [
        (float(t.size), t.val_measured) for t in record.trained if t.size and t.number not in failed
    ]
    for size, accuracy in sorted(seen, key=lambda s: (s[0], -(s[1] or 0.0))):
        if accuracy is not None and accuracy > best:
            best = accuracy
            steps.append((size, accuracy))
    return steps


def needed(steps: list[Step], accuracy: float) -> float | None:
    """The fewest parameters that were seen to come to an accuracy."""
    return next((size for size, reached in steps if reached >= accuracy), None)


def _headline(dense: StudyRecord, first: list[Step], second: list[Step]) -> str:
    target = dense.target or 0.0
    one, other = needed(first, target), needed(second, target)
    if one is None or other is None:
        return (
            f"The fully connected networks came to {words.percent(max(a for _, a in first))}, the "
            f"convolutional ones to {words.percent(max(a for _, a in second))}."
        )
    return (
        f"For {words.goal(target)} validation accuracy the smallest fully connected network that "
        f"was seen needs {words.count(one)} parameters. The smallest convolutional one "
        f"needs {words.count(other)}: {words.times(one / other)} times fewer."
    )


def _limit(dense: StudyRecord, conv: StudyRecord) -> str:
    return (
        f"The fully connected networks were searched for {words.goal(dense.target)} and the "
        f"convolutional ones for {words.goal(conv.target)}. Far from its own target a search looks "
        "little, so smaller networks may do as well there."
    )


def _second(first: list[Step], second: list[Step]) -> str:
    top = max(accuracy for _, accuracy in first)
    other = needed(second, top)
    if other is None:
        return f"The best fully connected network that was seen came to {words.percent(top)}."
    size = next(size for size, accuracy in first if accuracy == top)
    return (
        f"The best fully connected network that was seen has {words.count(size)} parameters; a "
        f"convolutional one of {words.count(other)} is as accurate."
    )


def _table(first: list[Step], second: list[Step]) -> Table:
    rows = []
    for target in TARGETS:
        sizes = needed(first, target), needed(second, target)
        if sizes == (None, None):
            continue
        shown = ["none seen" if s is None else words.count(s) for s in sizes]
        both = sizes[0] and sizes[1]
        times = words.times(sizes[0] / sizes[1]) if both and sizes[0] and sizes[1] else "-"
        rows.append((words.goal(target), *shown, times))
    header = ("validation accuracy", "fully connected", "convolutional", "times fewer")
    note = "Fewest trainable parameters of the networks that came to that accuracy in any epoch."
    return Table(header, tuple(rows), (1, 2, 3), note)


def _worth(studies: Mapping[str, StudyRecord]) -> Table:
    """What each parameter of the lab's and of the smallest networks is worth."""
    rows = []
    for kind, record in studies.items():
        for name, trial in (("smallest found", record.incumbent), ("lab's", record.reference)):
            if trial is None or not trial.size or trial.val_measured is None:
                continue
            tested, held = words.tested(record, trial)
            accuracy = trial.val_measured if tested is None else tested
            images = "validation" if tested is None else "test, proven" if held else "test"
            worth = words.rate(100_000 * accuracy / trial.size)
            row = (f"{kind}, {name}", words.count(trial.size), words.percent(accuracy), images)
            rows.append((*row, worth))
    header = ("network", "parameters", "accuracy", "images", "points for 1,000")
    note = "Points of accuracy for each 1,000 parameters."
    return Table(header, tuple(rows), (1, 2, 4), note)
