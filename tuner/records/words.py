"""What people read of studies, trials and certificates: plain phrases without markup.

Each phrase is worded here once, for the terminal, the report, the dashboard's notes and the cards
of exported files. Numbers are written by `tuner.basics.numbers`, whose functions are had from here
too, so that who tells of a record needs one import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.basics.numbers import (
    clock,
    count,
    duration,
    gigabytes,
    goal,
    hundredths,
    megabytes,
    percent,
    points,
    rate,
    several,
    short_count,
    spread,
    times,
)
from tuner.data.kinds import shape_words, stored_kind
from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.objectives.quantities import DEFAULT_QUANTITY, QUANTITIES
from tuner.records.certificates import Certificate, has_learnt
from tuner.records.model_certificates import ModelCertificate
from tuner.records.proofs import measured_by
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

ERRORS = 0.05
"""The share of wrong proofs that a study allows itself, over all it proves of models."""

CONFIDENCE = f"{goal(1 - ERRORS)} confidence"

UNPROVEN_MODEL = "not proven: its {metric} is that of one lucky training out of many"
UNPROVEN_RECIPE = "not proven: nobody has trained it again with other seeds"

__all__ = [
    "aimed",
    "asked",
    "bar",
    "cell",
    "certificate",
    "clock",
    "comparison",
    "count",
    "data",
    "delivered",
    "duration",
    "gigabytes",
    "goal",
    "hundredths",
    "learnt",
    "looks",
    "made",
    "megabytes",
    "model_certificate",
    "model_made",
    "named",
    "no_worse",
    "one_line",
    "outcome",
    "outlook",
    "percent",
    "points",
    "proofs",
    "quantity",
    "rate",
    "refuted",
    "several",
    "shape",
    "short_count",
    "side",
    "size",
    "spread",
    "target",
    "tested",
    "times",
    "value",
    "values",
]


def quantity(name: str) -> str:
    """``trainable parameters``: what is counted, by the quantity's name in the storage."""
    if name == "total_size":
        return "parameters"
    unit = QUANTITIES[name].unit
    return f"trainable {unit}" if name == DEFAULT_QUANTITY.name else unit


def size(trial: TrialRecord) -> str:
    """``4,218 parameters (4,282 total)``; the first number is the trainable ones."""
    if trial.size is None:
        return "building"
    return f"{count(trial.size)} parameters ({count(trial.total_size)} total)"


def learnt(trial: TrialRecord) -> str:
    """``75.8 % in 18 epochs``: the metric of the best epoch on validation examples."""
    return f"{named(trial.metric, trial.val_measured)} in {several(trial.epochs, 'epoch')}"


def named(metric: Metric, value: float | None, digits: int = 1) -> str:
    """``75.8 %`` of accuracy, which needs no name; ``macro F1 0.853``."""
    written = metric.written(value, digits)
    return written if metric is DEFAULT_METRIC else f"{metric.title} {written}"


def aimed(metric: Metric, value: float | None) -> str:
    """The same of a value that somebody chose: ``75 %``, ``macro F1 0.85``."""
    written = metric.goal(value)
    return written if metric is DEFAULT_METRIC else f"{metric.title} {written}"


def no_worse(metric: Metric) -> str:
    """What stands before a bound on the worse side."""
    return "at least" if metric.greater_is_better else "at most"


def side(metric: Metric) -> str:
    """On which side of a value its worse bound lies."""
    return "lower" if metric.greater_is_better else "upper"


def outcome(trial: TrialRecord, *, sweep: bool = False) -> str:
    """Why a trial ended; a sweep has no target that could be missed."""
    if trial.outcome is None:
        return "lost" if trial.lost else trial.state.name.lower()
    if sweep and trial.outcome in ("missed", "reached"):
        return "trained"
    return trial.outcome.replace("_", " ")


def value(raw: Any) -> str:
    """A hyperparameter's value, floats to four digits."""
    return f"{raw:.4g}" if isinstance(raw, float) else str(raw)


def values(trial: TrialRecord) -> str:
    """``units=64, rate=0.001``: active hyperparameters, in a sweep those that vary."""
    shown = trial.cell if trial.cell is not None else trial.values
    return ", ".join(f"{name}={value(v)}" for name, v in shown.items() if v is not None)


def cell(trial: TrialRecord) -> str:
    """``batch_size=32``: what distinguishes a training of a sweep."""
    return ", ".join(f"{name}={value(v)}" for name, v in (trial.cell or {}).items()) or "as it is"


def comparison(record: StudyRecord, trial: TrialRecord) -> str:
    """``18.5 times smaller than the reference``; empty where there is nothing to compare."""
    smaller = record.times_smaller(trial)
    if smaller is None:
        return ""
    name = record.minimize
    what = "" if name == DEFAULT_QUANTITY.name else f" in {quantity(name)}"
    if smaller >= 1:
        return f"{times(smaller)} times smaller than the reference{what}"
    return f"{times(1 / smaller)} times larger than the reference{what}"


def data(record: StudyRecord) -> str:
    """``cifar10``, or loudly what stands in: ``shapes10, not cifar10``."""
    return record.stand_in or ", ".join(record.dataset_names)


def shape(stored: Mapping[str, Any], times: str = "x") -> str:
    """``32x32x3``: of an example of a data set, from what a study stores of it."""
    return shape_words(stored_kind(stored), times)


def bar(record: StudyRecord) -> str:
    """``75 % + 0.5 points margin``: what validation must come to."""
    metric = record.metric
    sign = "+" if metric.greater_is_better else "-"
    margin = f" {sign} {metric.difference(record.margin)} margin" if record.margin else ""
    return f"{aimed(metric, record.target)}{margin}"


def target(record: StudyRecord) -> str:
    """``target 75 % + 0.5 points margin``, beside what a constant reaches; empty in a sweep."""
    if record.target is None:
        return ""
    alone = constant(record)
    return f"target {bar(record)}{f'; {alone}' if alone else ''}"


def constant(record: StudyRecord) -> str:
    """``10.0 % by the largest class alone``; empty where it is not known."""
    return _alone(record.metric, record.by_constant)


def _alone(metric: Metric, value: float | None) -> str:
    if value is None:
        return ""
    by = "the largest class alone" if metric is DEFAULT_METRIC else "one answer for all"
    return f"{metric.written(value)} by {by}"


def asked(record: StudyRecord) -> str:
    """What a study asks of a training, beside what a constant reaches."""
    alone = constant(record)
    return f"{wanted(record)}{f'; {alone}' if alone else ''}"


def wanted(record: StudyRecord) -> str:
    """``target 75 % + 0.5 points margin within 25 epochs``."""
    if record.target is None:
        return f"every training runs {several(record.horizon, 'epoch')}"
    return f"target {bar(record)} within {several(record.horizon, 'epoch')}"


def certificate(found: Certificate) -> str:
    """``certified: 76.1 % on the test images, mean of 5 fresh seeds, at least 75.4 % with ...``."""
    n, metric = len(found.measured), found.metric
    mean = (
        f"{named(metric, found.mean)} on the test {found.examples}, "
        f"mean of {several(n, 'fresh seed')}"
    )
    bound = ""
    if found.bound is not None:
        bound = f", {side(metric)} bound {metric.written(found.at_least())}"
    early = f", given up after {n} of {found.planned}" if n < found.planned else ""
    confidence = f"{goal(found.level)} confidence"
    return _found(found, mean, confidence, f"{bound}{early}")


def model_certificate(found: ModelCertificate) -> str:
    """``certified: 77.3 % of 5,000 test images, at least 76.1 % with 95 % confidence``.

    The confidence is that of all the looks of the study together.
    """
    metric = found.metric
    of = "of" if metric is DEFAULT_METRIC else "on"
    tests = several(found.test_size, f"test {found.examples.removesuffix('s')}")
    seen = f"{named(metric, found.measured)} {of} {tests}"
    missed = f", {no_worse(metric)} {metric.written(found.at_least())} for sure"
    return _found(found, seen, CONFIDENCE, missed)


def _found(found: Certificate | ModelCertificate, seen: str, confidence: str, missed: str) -> str:
    """A certificate in a line.

    Args:
        found: The certificate.
        seen: What was seen on the test images, in words.
        confidence: Of its bound, in words.
        missed: What of its bound is said where the target was missed.
    """
    said = verdict_word(found)
    if found.certified:
        bound = f"{no_worse(found.metric)} {found.metric.written(found.at_least())}"
        line = f"{said}: {seen}, {bound} with {confidence}"
        return f"{line}; {shared(found)}" if found.shared else line
    if found.constant:
        one = found.examples.removesuffix("s")
        return f"{said}: every {one} is given the same class, which makes {seen}"
    if nothing := _nothing_learnt(found):
        return f"{said}: {seen}, {nothing}"
    return f"{said}: {seen}{missed}; the target is {found.metric.goal(found.target)}"


def verdict_word(found: Certificate | ModelCertificate) -> str:
    """``certified``, ``refuted`` or ``not certified``.

    The last where it is on the target's side but not for sure: nobody has shown that it misses it.
    """
    if found.certified:
        return "certified"
    nothing = found.constant or _nothing_learnt(found)
    short = found.metric.missing(measured_by(found), found.target) > 0
    return "refuted" if nothing or short else "not certified"


def verdict(found: Certificate | ModelCertificate) -> str:
    """What a certificate says, beside what a constant reaches on the test images."""
    line = certificate(found) if isinstance(found, Certificate) else model_certificate(found)
    alone = _alone(found.metric, found.by_constant)
    told = not alone or found.constant or line.endswith("always")
    return line if told else f"{line}; {alone}"


def _nothing_learnt(found: Certificate | ModelCertificate) -> str:
    """Why a target that was met is worth nothing; empty where something was learnt."""
    alone, metric, measured = found.by_constant, found.metric, measured_by(found)
    learnt = has_learnt(found.confusion or (), measured, metric, alone)
    if alone is None or metric.missing(measured, found.target) > 0 or learnt:
        return ""
    if metric is DEFAULT_METRIC:
        return f"of which {percent(alone)} are made by naming the largest class always"
    return f"and {metric.written(alone)} is had by giving one answer always"


def proofs(record: StudyRecord, trial: TrialRecord) -> tuple[tuple[str, str], tuple[str, str]]:
    """What is proven of a model, and what of its recipe: two labels, each with a sentence."""
    model = record.model_certificates.get(trial.number)
    recipe = record.certificates.get(trial.number)
    unproven = UNPROVEN_MODEL.format(metric=record.metric.title)
    return (
        ("this file", unproven if model is None else verdict(model)),
        ("its recipe", UNPROVEN_RECIPE if recipe is None else verdict(recipe)),
    )


def tested(record: StudyRecord, trial: TrialRecord) -> tuple[float | None, bool]:
    """A trial's metric on the test examples, and whether it is proven; None where never tested.

    Of its model, which is what is delivered; where that was not tested, the mean of its recipe.
    """
    model = record.model_certificates.get(trial.number)
    if model is not None:
        return model.measured, model.certified
    recipe = record.certificates.get(trial.number)
    return (None, False) if recipe is None else (recipe.mean, recipe.certified)


def delivered(record: StudyRecord, trial: TrialRecord) -> str:
    """``77.6 % on validation images after 25 of 25 epochs``: of the model as its file has it.

    A trial stops where it meets the target; for the proof its training went on.
    """
    found = record.model_certificates.get(trial.number)
    seen, epochs = (trial.val_measured, trial.epochs)
    if found is not None:
        seen, epochs = found.val_measured, found.epochs
    of = several(record.horizon, "epoch")
    metric = named(record.metric, seen)
    return f"{metric} on validation {record.examples} after {epochs} of {of}"


def looks(found: ModelCertificate) -> str:
    """``look 2 at the test images; 84 % of the study's 5 % are left``."""
    left = f"{percent(found.left, 0)} of the {goal(ERRORS)} that all looks share are left"
    return f"look {count(found.look)} at the test {found.examples}; {left}"


def shared(found: Certificate | ModelCertificate) -> str:
    """``6 of 60 test images are also training images``; empty where none is."""
    if not found.shared:
        return ""
    of = f"{count(found.shared)} of {count(found.test_size)}"
    return f"{of} test {found.examples} are also training {found.examples}"


def model_made(found: ModelCertificate) -> str:
    """How a model's certificate was made: epochs, look, machine, data, file."""
    further = several(found.trained, "epoch") if found.trained else "no epoch"
    return (
        f"met the target after {several(found.met_after, 'epoch')}, trained on for {further}; "
        f"{looks(found)}; on {found.machine}; data {found.data_hash[:12]}, "
        f"file {found.sha256[:12]}"
    )


def made(found: Certificate) -> str:
    """How a recipe's certificate was made: seeds, epochs, time, machine, data."""
    seeds = ", ".join(str(seed) for seed in found.seeds)
    return (
        f"seeds {seeds}; {several(found.epochs, 'epoch')} each, {duration(found.seconds)} in all "
        f"on {found.machine}; data {found.data_hash[:12]}"
    )


def refuted(record: StudyRecord, trial: TrialRecord) -> str:
    """``1 smaller model and 2 larger models refuted``, than a trial's; empty where none was.

    Only the smaller ones would have been a better answer.
    """
    counted = record.refuted_beside(trial).items()
    told = [several(number, f"{how} model") for how, number in counted if number]
    return f"{' and '.join(told)} refuted" if told else ""


def outlook(gain: float) -> str:
    """``another trial is expected to make the model 1.3 % smaller``."""
    less = "less than 0.1 %" if gain < 0.001 else percent(gain)
    return f"another trial is expected to make the model {less} smaller"


def one_line(raw: object, limit: int = 200) -> str:
    """Any text as one line of at most `limit` characters."""
    line = " ".join(str(raw).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
