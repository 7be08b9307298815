"""The lab's ten questions as an HTML page, made of `analysis.lab.answers`."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from analysis import frames
from analysis.lab import spent
from analysis.lab.answer import Answer, Table
from analysis.lab.answers import answers, evidence_of
from analysis.lab.commands import Commands
from analysis.report import parts, svg, sweeps
from analysis.report.html import (
    Content,
    Markup,
    element,
    escape,
    join,
    page,
    paragraph,
    section,
    table,
)
from analysis.report.verdict import banner, verdict
from tuner.records.studies import StudyRecord


def lab_report(studies: Sequence[optuna.Study | StudyRecord], again: Sequence[str] = ()) -> str:
    """One self-contained HTML page that answers the lab's questions 1 to 10.

    A question is answered by the study of its name or, where that has no results, by the one on
    other data, which is said; two studies are compared only where both have the same data.

    Args:
        studies: Everything in the storage; with the studies of proofs the time is exact.
        again: Options that commands must repeat to find the same storage.
    """
    evidence = evidence_of(frames.record_of(study) for study in studies)
    commands = Commands(again)
    used = list(evidence.studies.values())
    said = f"Answered from: {', '.join(r.name for r in used) or 'no study yet'}."
    return page(
        "tuner report: the lab",
        element("header", element("h1", "The lab's questions, answered by measurement")),
        *parts.stand_ins(used, "CIFAR-10"),
        paragraph(said, class_="quiet"),
        *(_section(answer, commands) for answer in answers(evidence)),
    )


def _section(answer: Answer, commands: Commands) -> Markup:
    question = answer.question
    title = f"{question.number}. {question.title}"
    content = _answered(answer, commands) if answer.answered else []
    return section(title, *content, *_missing(answer, commands), id_=f"question-{question.number}")


def _answered(answer: Answer, commands: Commands) -> list[Content]:
    first, *rest = answer.lines
    told: list[Content] = [
        paragraph(answer.question.asked, class_="quiet"),
        *(_origin(record) for record in answer.studies),
        *(banner(record) for record in answer.studies[:1]),
        paragraph(first, class_="headline"),
        *(paragraph(line) for line in rest),
        *(paragraph(line) for line in answer.told),
        *(_table(each) for each in answer.tables),
        *(svg.inline(p.draw(), p.title, p.caption) for p in answer.pictures),
        *(paragraph(f"Proven: {sentence}") for sentence in answer.proven),
    ]
    if answer.seconds is not None:
        took = f"{spent.told(answer.seconds, answer.compared)}, on {answer.machine}."
        told.append(paragraph(took, class_="quiet"))
    return [*told, *_in_full(answer, commands)]


def _origin(record: StudyRecord) -> Markup:
    data = ", ".join(record.dataset_names)
    return paragraph(f"Study {record.name}, data {data}.", class_="quiet")


def _table(of: Table) -> Markup:
    made = table(of.header, of.rows, of.numbers)
    return join([made, paragraph(of.note, class_="note")]) if of.note else made


def _in_full(answer: Answer, commands: Commands) -> list[Content]:
    """What only a large page has room for: the model of a search, every cell of a sweep."""
    if len(answer.question.needs) != 1:
        return []
    record = answer.studies[0]
    if record.target is None:
        return [sweeps.sweep_table(record)]
    return [
        verdict(record, commands.again),
        parts.model(record),
        parts.evaluation(record),
    ]


def _missing(answer: Answer, commands: Commands) -> list[Content]:
    listed = [element("code", escape(line)) for line in commands.missing(answer)]
    if not listed:
        return []
    begin = "Missing here; to train it: "
    if not answer.answered:
        begin = "Not run yet, so there is no answer. To run it: "
    between = [c for one in listed for c in (", ", one)][1:]
    return [paragraph(begin, *between)]
