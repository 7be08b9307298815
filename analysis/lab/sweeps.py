"""Answers of the lab's sweeps: what dropout and the size of the minibatch do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from analysis.lab import effects, figures, spent
from analysis.lab.answer import Answer, Evidence, Picture, Table
from analysis.lab.programme import Question
from analysis.lab.runs import PARTS, Runs, mean_and_spread, runs, wanted
from tuner.records import words
from tuner.records.studies import StudyRecord

UNPROVEN = (
    "No network is chosen here, so none has to be proven. Every training went on for {horizon}, "
    "and its network was tested once at the end."
)


def dropout(question: Question, evidence: Evidence) -> Answer:
    """Training, validation and test accuracy with and without dropout, and the gap between."""
    record = evidence.get(question.needs[0])
    if record is None or not (found := runs(record, "dropout")):
        return Answer(question, missing=question.needs)
    first, last = found[0], found[-1]
    lines = [_rates(found), *_gaps(found), *_incomplete(record)]
    told = (
        "A network that is trained for long fits its training images ever better, new images do "
        "not profit from that as much. Dropout switches off a part of it at random in each step.",
        f"With {_rate(last)} training accuracy is {_beside(last)} test accuracy, where it is "
        f"{_beside(first)} it with {_rate(first)}.",
    )
    made = Answer(
        question,
        lines=tuple(lines),
        proven=(_tested(record),),
        told=told,
        tables=(_table(found, "dropout", _rate),),
        pictures=(
            Picture(
                "q7-dropout",
                "Question 7: training and validation accuracy over epochs, and test accuracy, by "
                "rate of dropout",
                "Lines are means over seeds, bands one standard deviation to either side. Marks at "
                "the right are the test accuracy of each seed. Training accuracy is measured "
                "while the epoch trains, with dropout on.",
                lambda: figures.dropout(record),
            ),
            Picture(
                "q7-gap",
                "Question 7: training accuracy above validation accuracy, over epochs",
                "The gap between what a network has on the images that it learns from and on new "
                "ones. Lines are means over seeds, bands one standard deviation to either side.",
                lambda: figures.gaps(record),
            ),
        ),
    )
    return _made(made, record, evidence)


def minibatches(question: Question, evidence: Evidence) -> Answer:
    """Accuracy and seconds an epoch by the size of the minibatch."""
    record = evidence.get(question.needs[0])
    if record is None or not (found := runs(record, "batch_size")):
        return Answer(question, missing=question.needs)
    small, large = found[0], found[-1]
    best = max(found, key=lambda r: mean_and_spread(r.accuracies("test") or [0.0])[0])
    times = mean_and_spread(small.seconds())[0] / mean_and_spread(large.seconds())[0]
    told = (
        "With small minibatches an epoch has many steps, each from a rough guess of the direction. "
        "With large ones it has few, each from a better guess.",
        f"In this lab {words.several(int(best.value), 'image')} a step gave the highest mean test "
        f"accuracy, and an epoch with {words.count(small.value)} took {words.times(times)} times "
        f"as long as one with {words.count(large.value)}.",
    )
    made = Answer(
        question,
        lines=(_best(found, best), _time(found), *_incomplete(record)),
        proven=(_tested(record),),
        told=told,
        tables=(_table(found, "minibatch", lambda r: words.count(r.value), seconds=True),),
        pictures=(
            Picture(
                "q9-minibatches",
                "Question 9: accuracy and seconds an epoch by the size of the minibatch",
                "Lines are means over seeds, bands one standard deviation to either side. Both "
                "axes of time and minibatch are logarithmic.",
                lambda: figures.minibatches(record),
            ),
        ),
    )
    return _made(made, record, evidence)


def _made(answer: Answer, record: StudyRecord, evidence: Evidence) -> Answer:
    """With where it comes from, how long it took, and the command where it is not complete."""
    return replace(
        answer,
        studies=(record,),
        seconds=spent.seconds(record, evidence.companions.get(record.name, ())),
        machine=spent.machine([record]),
        missing=answer.question.needs if record.done < wanted(record) else (),
    )


def _tested(record: StudyRecord) -> str:
    return UNPROVEN.format(horizon=words.several(record.horizon, "epoch"))


def _incomplete(record: StudyRecord) -> list[str]:
    done, whole = sum(t.cell is not None for t in record.trained), wanted(record)
    if done >= whole:
        return []
    told = f"The sweep is not complete: {done} of {words.several(whole, 'training')} have a result."
    return [told]


def _rate(of: Runs) -> str:
    return "no dropout" if not of.value else f"{words.goal(of.value)} dropout"


def _mean(of: Runs, part: str) -> float:
    return mean_and_spread(of.accuracies(part))[0]


def _gap(of: Runs) -> list[float]:
    """Training above test, one a seed, in fractions; above validation where nothing was tested."""
    other = "test" if len(of.accuracies("test")) == len(of.trials) else "validation"
    pairs = zip(of.accuracies("training"), of.accuracies(other), strict=True)
    return [training - new for training, new in pairs]


def _beside(of: Runs) -> str:
    """Where training accuracy lies beside test accuracy: ``1.2 points above``."""
    gap = _rounded(mean_and_spread(_gap(of))[0])
    return f"{words.hundredths(abs(gap))} points {'below' if gap < 0 else 'above'}"


def _rounded(fraction: float) -> float:
    """To the tenth of a point that is shown, and never a negative nothing."""
    return round(fraction, 3) + 0.0


def _rates(found: Sequence[Runs]) -> str:
    part = "test" if all(r.accuracies("test") for r in found) else "validation"
    best, *others = sorted(found, key=lambda r: _mean(r, part), reverse=True)
    told = (
        f"{_rate(best).capitalize()} has the highest mean {part} accuracy, "
        f"{words.percent(_mean(best, part))}"
    )
    each = [f"{words.percent(_mean(r, part))} with {_rate(r)}" for r in others]
    return f"{told}. It is {' and '.join(each)}." if each else f"{told}."


def _gaps(found: Sequence[Runs]) -> list[str]:
    first, last = found[0], found[-1]
    if first is last:
        return []
    told = (
        f"Training accuracy is {_beside(first)} test accuracy with {_rate(first)}, and "
        f"{_beside(last)} it with {_rate(last)}."
    )
    effect = effects.difference(_gap(first), _gap(last))
    if effect is None:
        return [told]
    ends = (effect.difference, effect.low, effect.high)
    if effect.low <= 0 <= effect.high:
        said, shown = "That the gap changes cannot be told", [effects.signed(e) for e in ends]
    else:
        said = f"The gap gets {'smaller' if effect.high < 0 else 'larger'}"
        middle, *bounds = (abs(e) for e in ends)
        shown = [words.hundredths(e) for e in (middle, *sorted(bounds))]
    difference, low, high = shown
    said += f": by {difference} points, 95 % interval {low} to {high}"
    return [told, f"{said}. During training dropout is on, which lowers what is measured there."]


def _best(found: Sequence[Runs], best: Runs) -> str:
    accuracy = words.percent(_mean(best, "test" if best.accuracies("test") else "validation"))
    told = f"The highest mean test accuracy, {accuracy}, is with minibatches of {best.value:,}"
    near: list[str] = []
    far: list[str] = []
    for other in found:
        if other is best:
            continue
        effect = effects.difference(best.accuracies("test"), other.accuracies("test"))
        if effect is None:
            return f"{told}; there are too few seeds to tell how sure that is."
        (far if effect.high < 0 else near).append(f"{other.value:,}")
    if not near:
        return f"{told}; every other size is worse, seeds considered."
    said = f"{told}. Whether these are worse cannot be told over these seeds: {', '.join(near)}."
    return said + (f" Worse, by their 95 % intervals: {', '.join(far)}." if far else "")


def _time(found: Sequence[Runs]) -> str:
    each = [(r.value, mean_and_spread(r.seconds())[0]) for r in found]
    slow, fast = max(each, key=lambda e: e[1]), min(each, key=lambda e: e[1])
    return (
        f"An epoch takes {words.duration(slow[1])} with minibatches of {slow[0]:,}, the slowest, "
        f"and {words.duration(fast[1])} with {fast[0]:,}, the fastest."
    )


def _table(
    found: Sequence[Runs], heading: str, shown: Callable[[Runs], str], *, seconds: bool = False
) -> Table:
    rows = []
    for of in found:
        cells = [shown(of), *(_cell(of.accuracies(part)) for part in PARTS)]
        if seconds:
            mean, spread = mean_and_spread(of.seconds())
            cells.append(f"{mean:.1f}" + ("" if spread is None else f" ± {spread:.1f}"))
        else:
            cells.append(_cell(_gap(of)))
        rows.append((*cells, str(len(of.trials))))
    last = "seconds an epoch" if seconds else "gap to test, points"
    header = (heading, *(f"{part}, %" for part in PARTS), last, "seeds")
    note = "Accuracy after the last epoch: mean ± standard deviation over seeds."
    return Table(header, tuple(rows), tuple(range(1, len(header))), note)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "not measured"
    mean, spread = mean_and_spread(values)
    shown = words.hundredths(_rounded(mean)).replace("-", "\N{MINUS SIGN}")
    return shown + ("" if spread is None else f" {words.spread(spread)}")
