"""From stored studies to the lab's ten answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analysis.lab import comparisons, data, frontiers, searches, sweeps
from analysis.lab.answer import Answer, Evidence
from analysis.lab.look import Look
from analysis.lab.programme import QUESTIONS, Part, Question, parts
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord


def evidence_of(
    records: Iterable[StudyRecord], chosen: Mapping[str, str] | None = None
) -> Evidence:
    """The lab's studies among a storage's.

    A part is the study of its name or, where that has no results, one on other data; images of the
    user's own come before the stand-in.

    Args:
        records: Every study of the storage, those of proofs among them.
        chosen: For parts whose study is known, its name in the storage.
    """
    every = list(records)
    companions: dict[str, list[StudyRecord]] = {}
    for record in every:
        if of := record.attributes.get(StudyKey.CERTIFIES):
            companions.setdefault(str(of), []).append(record)
    main = [r for r in every if StudyKey.CERTIFIES not in r.attributes and r.trained]
    found = {}
    for part in parts(QUESTIONS):
        study = _study(part, main, (chosen or {}).get(part.name))
        if study is not None:
            found[part.name] = study
    return Evidence(found, companions)


def _study(part: Part, records: Sequence[StudyRecord], name: str | None) -> StudyRecord | None:
    if name is not None:
        return next((r for r in records if r.name == name), None)
    some = [r for r in records if r.name.partition("@")[0] == part.name]
    some.sort(key=lambda r: (r.name != part.name, r.stand_in is not None, r.name))
    return some[0] if some else None


def answers(
    evidence: Evidence,
    questions: Sequence[Question] = QUESTIONS,
    looks: Mapping[str, Look] | None = None,
) -> list[Answer]:
    """The answers to questions, in their order.

    Args:
        evidence: The lab's studies.
        questions: Those that are asked.
        looks: What was seen of the data sets, by the lab's names, for question 1.
    """
    return [_answer(question, evidence, looks or {}) for question in questions]


def _answer(question: Question, evidence: Evidence, looks: Mapping[str, Look]) -> Answer:
    match question.number:
        case 1:
            return data.answer(question, evidence, looks)
        case 3:
            return comparisons.two_data_sets(question, evidence)
        case 5:
            return frontiers.answer(question, evidence)
        case 6 | 8:
            return comparisons.with_and_without(question, evidence)
        case 7:
            return sweeps.dropout(question, evidence)
        case 9:
            return sweeps.minibatches(question, evidence)
        case _:
            return searches.answer(question, evidence)
