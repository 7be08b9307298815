"""The page of all studies in a storage."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from analysis import figures, frames
from analysis.report import parts, svg, sweeps
from analysis.report.html import Content, Markup, command, element, join, page, paragraph, section
from analysis.report.html import table as html_table
from analysis.report.verdict import banner, verdict
from tuner.records import words
from tuner.records.studies import StudyRecord


def overview(studies: Sequence[optuna.Study | StudyRecord], again: Sequence[str] = ()) -> str:
    """One self-contained HTML page about several studies: a table, then each one's answer.

    Args:
        studies: Searches and sweeps.
        again: Options that commands must repeat to find the same storage.

    Raises:
        ValueError: None of them has a trained trial yet.
    """
    records = [frames.record_of(s) for s in studies]
    if not any(r.trained for r in records):
        raise ValueError("no study has a trained trial yet.")
    metrics = {r.metric for r in records}
    title = metrics.pop().title if len(metrics) == 1 else "metric"
    what = "images" if {r.examples for r in records} == {"images"} else "examples"
    header = (
        "study",
        "data",
        "target",
        "verdict",
        "parameters",
        "total",
        title,
        "smaller by",
        "trials",
    )
    rows = [_row(r) for r in records]
    links = element("ul", *(element("li", _link(i, r)) for i, r in enumerate(records)))
    return page(
        "tuner report: all studies",
        element("header", element("h1", "All studies"), *parts.stand_ins(records, "the real one")),
        html_table(header, rows, (2, 4, 5, 6, 7, 8)),
        paragraph(
            f"{title[0].upper()}{title[1:]}: on the test {what} where the model was tested, else "
            f"the best epoch's on validation {what}. Parameters: trainable ones. Smaller by: how "
            "many times, than the reference.",
            class_="note",
        ),
        element("nav", links),
        *(_study(i, r, again) for i, r in enumerate(records)),
    )


def _link(i: int, record: StudyRecord) -> Markup:
    return element("a", record.name, href=f"#study-{i}")


def _row(record: StudyRecord) -> list[Content]:
    start: list[Content] = [record.name, ", ".join(record.dataset_names)]
    trained = words.count(len(record.trained))
    best = record.incumbent
    if record.target is None:
        return [*start, "", "sweep", "", "", "", "", trained]
    goal = words.aimed(record.metric, record.target)
    if best is None:
        return [*start, goal, "not met", "", "", "", "", trained]
    tested, _ = words.tested(record, best)
    measured = best.val_measured if tested is None else tested
    smaller = record.times_smaller(best)
    return [
        *start,
        goal,
        "met on validation" if record.proven_bound is None else "certified",
        words.count(best.size),
        words.count(best.total_size),
        record.metric.written(measured),
        "" if smaller is None else f"{words.times(smaller)} times",
        trained,
    ]


def _study(i: int, record: StudyRecord, again: Sequence[str]) -> Markup:
    told: list[Content] = [
        paragraph(str(record.study.get("question", "")), class_="quiet"),
        banner(record),
        verdict(record, again),
    ]
    if record.trained and record.target is None:
        told += [sweeps.sweep_table(record), svg.inline(figures.gap(record), f"{record.name}: gap")]
    elif record.trained:
        told.append(
            svg.inline(figures.frontier(record), f"{record.name}: size and {record.metric.title}")
        )
    more = paragraph("In full: ", command("report", record.name, *again))
    return section(record.name, join(told), more, id_=f"study-{i}")
