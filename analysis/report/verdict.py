"""What a study found, in the first lines of its page."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.report.html import Content, Markup, command, element, join, paragraph
from tuner.records import words
from tuner.records.certificates import Certificate
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord


def banner(record: StudyRecord) -> Markup:
    """Says loudly that the data is not what the study asks about; empty where it is."""
    other = record.stand_in
    if other is None:
        return Markup("")
    text = "These results were made on a stand-in data set and say nothing about the real one: "
    return paragraph(text, f"{other}.".upper(), class_="loud")


def verdict(record: StudyRecord, again: Sequence[str] = ()) -> Markup:
    """The answer, how sure it is, and how it compares with the reference.

    Args:
        record: The study.
        again: Options that commands must repeat to find the same storage.
    """
    best = record.incumbent
    if record.target is None:
        kind, lines = "sweep", _sweep(record, again)
    elif best is None:
        kind, lines = "not-met", _not_met(record, again)
    else:
        proven = record.proven_bound is not None
        kind = "certified" if proven else "met"
        lines = [_headline(record, best, proven=proven), *_proofs(record, best, again)]
        lines += [_reference(record, best), "" if proven else _larger(record)]
    lines.append(_refuted(record))
    first, *rest = (line for line in lines if line)
    told = [paragraph(first, class_="headline"), *(paragraph(line) for line in rest)]
    return element("div", *told, class_=f"verdict {kind}")


def _headline(record: StudyRecord, best: TrialRecord, *, proven: bool) -> Content:
    goal = words.aimed(record.metric, record.target)
    amount = f"{words.count(best.amount(record.minimize))} {words.quantity(record.minimize)}"
    what = words.size(best) if record.minimize == "size" else f"{amount}, {words.size(best)}"
    if not proven:
        return f"Met on validation {record.examples}, not certified: {what} for {goal}."
    return f"Certified: {what} reach {goal} on the test {record.examples}."


def _proofs(record: StudyRecord, best: TrialRecord, again: Sequence[str]) -> list[Content]:
    """What is proven of the file, and what of its recipe."""
    seen = f"Trial {best.number} came to {words.delivered(record, best)}"
    model, recipe = record.model_certificate, record.certificate
    if model is None and recipe is None:
        read = record.certificates or record.model_certificates
        unread = "" if read else f"No test {record.example} has been read yet. "
        bar = f"it had to reach {words.bar(record)}"
        how = command("certify", record.name, *again)
        return [join([f"{seen}; {bar}. {unread}To prove it: ", how, "."])]
    file = f" The file is {model.model_file}." if model is not None else ""
    (_, of_file), (_, of_recipe) = words.proofs(record, best)
    said = [f"This model: {of_file}. {seen}.{file}", f"Its recipe: {of_recipe}."]
    return list(said)


def _larger(record: StudyRecord) -> Content:
    """The model that is proven, where the smallest is not."""
    trial = record.proven_model
    if trial is None:
        return ""
    _, line = words.proofs(record, trial)[1 if record.prove == "recipe" else 0]
    return f"Proven is trial {trial.number}, {words.size(trial)}: {line}."


def certificate_words(found: Certificate) -> str:
    """A certificate in one sentence."""
    seeds = words.several(len(found.seeds), "fresh seed")
    metric = found.metric
    mean = f"mean test {metric.title} {metric.written(found.mean, 2)}"
    text = f"Trained from scratch with {seeds}: {mean}"
    if found.bound is not None:
        bound = metric.written(found.at_least(2), 2)
        text += f", one-sided {words.goal(found.level)} {words.side(metric)} bound {bound}"
    learned = f"; {words.shared(found)}" if found.shared else ""
    return f"{text}, target {metric.goal(found.target)}{learned}."


def _reference(record: StudyRecord, best: TrialRecord) -> Content:
    reference = record.reference
    if reference is None:
        return "The reference has not been trained to its end, so there is nothing to compare with."
    if reference.number == best.number:
        return "This is the reference model itself: nothing smaller met the target."
    return f"It is {words.comparison(record, best)}: {reference_words(record, reference)}."


def reference_words(record: StudyRecord, reference: TrialRecord) -> str:
    """The reference model: name, size, what was measured of it."""
    name, metric = record.study.get("reference_name", "the reference model"), record.metric
    return (
        f"{name}, {words.size(reference)}, {metric.written(reference.val_measured)} validation "
        f"{metric.title} after {words.several(reference.epochs, 'epoch')}"
    )


def _not_met(record: StudyRecord, again: Sequence[str]) -> list[Content]:
    target = record.objective
    assert target is not None
    lines: list[Content] = [
        f"Not met: no model reached {words.aimed(target.metric, target.value)} within "
        f"{words.several(record.horizon, 'epoch')}."
    ]
    closest = record.closest
    more = command("search", record.name.partition("@")[0], "--more", "20", *again)
    if closest is None:
        return [*lines, join(["No trial has been trained. To search: ", more])]
    metric, seen = record.metric, closest.val_measured
    reached = metric.worst if seen is None else seen
    text = (
        f"The closest, trial {closest.number}, {words.size(closest)}, came to "
        f"{words.named(metric, reached)} on validation {record.examples}"
    )
    short = target.shortfall(reached)
    if short > 0:
        text += f", {metric.difference(short)} short of target and margin"
    lines.append(f"{text}.")
    if record.reference is not None and not closest.reference:
        lines.append(f"The reference: {reference_words(record, record.reference)}.")
    return [*lines, join(["To search on: ", more])]


def _sweep(record: StudyRecord, again: Sequence[str]) -> list[Content]:
    done = sum(t.cell is not None for t in record.trained)
    planned = int(record.study.get("seeds", 1)) * max(1, len(record.data))
    for listed in record.study.get("grid", {}).values():
        planned *= len(listed)
    if done >= planned:
        return [f"The sweep is complete: {words.several(done, 'training')}."]
    rest = command("search", record.name.partition("@")[0], *again)
    text = (
        f"The sweep is not complete: {words.count(done)} of {words.several(planned, 'training')}."
    )
    return [text, join(["To go on: ", rest])]


def _refuted(record: StudyRecord) -> Content:
    which = 1 if record.prove == "recipe" else 0
    return " ".join(
        f"Trial {t.number} ({words.count(t.size)} parameters) met the target on validation "
        f"{record.examples}, "
        f"but {words.proofs(record, t)[which][0]} was {words.proofs(record, t)[which][1]}."
        for t in record.trials
        if t.number in record.refuted
    )
