"""Questions 3, 6 and 8: a search beside another, and whether one thing makes the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.lab import effects, searches, spent
from analysis.lab.answer import Answer, Evidence, Table, same_data
from analysis.lab.effects import Effect
from analysis.lab.programme import SEEDS, Part, Question
from analysis.lab.runs import Runs, mean_and_spread, runs
from tuner.records import words
from tuner.records.questions import titles_of
from tuner.records.studies import StudyRecord

PLAIN = "q4"
THINGS = {6: "dropout", 8: "batch normalisation"}
RATE = 0.2
"""Of dropout, as the lab has it."""
BATCH = 128
"""Images of a minibatch, as the lab has it."""


def two_data_sets(question: Question, evidence: Evidence) -> Answer:
    """The fully connected network on MNIST, beside the one on CIFAR-10."""
    mine = evidence.get(question.needs[0])
    if mine is not None and mine.target is None:
        return _old_sweep(question, mine, evidence)
    found = searches.answer(question, evidence)
    other = evidence.get(question.compares[0])
    if mine is None or other is None or other.target is None:
        return found
    best, theirs = mine.incumbent, other.incumbent
    if best is None or theirs is None or not best.size or not theirs.size:
        return found
    data = titles_of(other.dataset_names)
    times = max(theirs.size, best.size) / min(theirs.size, best.size)
    how = "as many" if theirs.size >= best.size else "fewer"
    beside = (
        f"On {data} the smallest that reaches {words.goal(other.target)} has "
        f"{words.count(theirs.size)} parameters (question 2): {words.times(times)} times {how}."
    )
    effort = _effort(mine, other)
    return replace(found, lines=(*found.lines[:1], beside, *effort, *found.lines[1:]))


def _effort(mine: StudyRecord, other: StudyRecord) -> list[str]:
    """That the two targets ask as much: the lab's network meets them after as many epochs."""
    one, two = mine.reference, other.reference
    if one is None or two is None or not (one.reached and two.reached):
        return []
    return [
        f"The two targets ask about as much: the lab's network meets {words.goal(mine.target)} on "
        f"{titles_of(mine.dataset_names)} after {words.several(one.epochs, 'epoch')} and "
        f"{words.goal(other.target)} on {titles_of(other.dataset_names)} after "
        f"{words.several(two.epochs, 'epoch')}."
    ]


def _old_sweep(question: Question, record: StudyRecord, evidence: Evidence) -> Answer:
    """A study of that name that trained the lab's network itself on both data sets."""
    lines = []
    for name in dict.fromkeys(t.dataset for t in record.trained):
        some = Runs(name, tuple(t for t in record.trained if t.dataset == name and t.history))
        part = "test" if some.accuracies("test") else "validation"
        values = some.accuracies(part)
        if not values:
            continue
        mean, spread = mean_and_spread(values)
        shown = "" if spread is None else f" {words.spread(spread)}"
        lines.append(
            f"The lab's network itself comes to {words.hundredths(mean)}{shown} % mean {part} "
            f"accuracy on {name}, over {words.several(len(values), 'seed')}."
        )
    return Answer(
        question,
        lines=tuple(lines),
        proven=("This sweep searched for nothing: how small it could be, it does not say.",),
        told=(
            searches.TOLD[3],
            "The same network is right far more often on digits than on photographs.",
        ),
        studies=(record,),
        seconds=spent.seconds(record, evidence.companions.get(record.name, ())),
        machine=spent.machine([record]),
    )


@dataclass(frozen=True)
class Measured:
    """One comparison: without the thing, with it, and what the interval says."""

    what: str
    without: tuple[float, ...]
    with_it: tuple[float, ...]
    effect: Effect | None
    in_sizes: bool


def with_and_without(question: Question, evidence: Evidence) -> Answer:
    """The search with dropout or batch normalisation, and the difference that it makes."""
    found = searches.answer(question, evidence)
    if not found.answered:
        return found
    thing = THINGS[question.number]
    compared = [_sizes(question, evidence), _accuracies(question, evidence)]
    lines = [_in_words(thing, each) for each in compared]
    records = [r for p in question.compares if (r := evidence.get(p)) is not None]
    return replace(
        found,
        lines=(*found.lines, *lines),
        tables=(_table(thing, compared),),
        studies=(*found.studies, *records),
        compared=sum(spent.seconds(r, evidence.companions.get(r.name, ())) for r in records),
    )


def _sizes(question: Question, evidence: Evidence) -> Measured:
    """The smallest sizes that three searches each found."""
    mine = question.needs[0].study
    kept = []
    for study in (PLAIN, mine):
        records = [evidence.get(Part(study, seed)) for seed in SEEDS]
        known = [r for r in records if r is not None]
        comparable = known and same_data(*known, evidence.studies[mine])
        sizes = searches.sizes(evidence, study, SEEDS) if comparable else {}
        kept.append(tuple(float(size) for size in sizes.values()))
    what = "towards a smaller network that meets the target"
    return Measured(what, kept[0], kept[1], effects.ratio(*kept), in_sizes=True)


def _accuracies(question: Question, evidence: Evidence) -> Measured:
    """Test accuracies of the lab's own network, without and with, from the sweeps."""
    without: list[float] = []
    with_it: list[float] = []
    base = evidence.get(Part("q7"))
    varied = base if question.number == 6 else evidence.get(Part("q9"))
    what = "the test accuracy of the lab's network"
    if base is not None and varied is not None and same_data(base, varied):
        name, value = ("dropout", RATE) if question.number == 6 else ("batch_size", BATCH)
        plain = _of(runs(base, "dropout"), 0.0)
        other = _of(runs(varied, name), value)
        if plain is not None and other is not None:
            without, with_it = plain.accuracies("test"), other.accuracies("test")
            sizes = dict.fromkeys(words.count(of.size) for of in (plain, other))
            what += f" ({' and '.join(sizes)} parameters) after {base.horizon} epochs"
    return Measured(
        what,
        tuple(without),
        tuple(with_it),
        effects.difference(without, with_it),
        in_sizes=False,
    )


def _of(found: Sequence[Runs], value: float) -> Runs | None:
    return next((r for r in found if r.value == value), None)


def _in_words(thing: str, of: Measured) -> str:
    if of.effect is None:
        return (
            f"Whether {thing} helps {of.what} cannot be told: that takes {effects.FEWEST} seeds "
            f"with and without it, and there are {len(of.with_it)} and {len(of.without)}."
        )
    word = of.effect.word(more_is_better=not of.in_sizes)
    begin = f"{thing.capitalize()} {word} {of.what}"
    if word == "cannot be told":
        begin = f"Whether {thing} helps {of.what} cannot be told"
    if of.in_sizes:
        factor = of.effect.factor()
        said = (
            f"the smallest size is {words.times(factor.difference)} times that without it, 95 % "
            f"interval {words.times(factor.low)} to {words.times(factor.high)}"
        )
    else:
        low, high = effects.signed(of.effect.low), effects.signed(of.effect.high)
        said = f"{effects.signed(of.effect.difference)} points, 95 % interval {low} to {high}"
    without, with_it = of.effect.seeds
    return f"{begin}: {said} ({with_it} seeds with it, {without} without)."


def _table(thing: str, compared: Sequence[Measured]) -> Table:
    rows = []
    for of in compared:
        effect = of.effect
        if effect is None:
            between, word = "-", "cannot be told"
        elif of.in_sizes:
            f = effect.factor()
            between = (
                f"x {words.times(f.difference)} ({words.times(f.low)} to {words.times(f.high)})"
            )
            word = effect.word(more_is_better=False)
        else:
            ends = f"{effects.signed(effect.low)} to {effects.signed(effect.high)}"
            between = f"{effects.signed(effect.difference)} points ({ends})"
            word = effect.word(more_is_better=True)
        rows.append((_row(of), _listed(of, of.without), _listed(of, of.with_it), between, word))
    header = ("what", f"without {thing}", f"with {thing}", "difference, 95 % interval", "verdict")
    note = (
        "One value a seed, from 0; other seeds find other sizes. The interval is Welch's, of the "
        "difference of two means; sizes are compared by their logarithms. Where it includes no "
        "effect at all, 0 points or 1 times the size, it cannot be told which is better."
    )
    return Table(header, tuple(rows), (), note)


def _row(of: Measured) -> str:
    """What is compared, as the first cell of a row."""
    return "smallest size found" if of.in_sizes else of.what.removeprefix("the ")


def _listed(of: Measured, values: Sequence[float]) -> str:
    if not values:
        return "not run"
    shown = [words.count(v) if of.in_sizes else words.hundredths(v) for v in values]
    return ", ".join(shown) + ("" if of.in_sizes else " %")
