"""The section of a page on size against what is measured, and on other targets."""

from __future__ import annotations

import pandas as pd

from analysis import figures, frames, published
from analysis.columns import named
from analysis.report import svg
from analysis.report.html import Content, Markup, element, join, paragraph, table
from tuner.records import words
from tuner.records.objectives import DEFAULT_METRIC
from tuner.records.studies import StudyRecord


def frontier(record: StudyRecord) -> Markup:
    """The frontier as a figure and a table, and the answers for other targets."""
    by = record.minimize
    edge = frames.frontier(record, by)
    if edge.empty:
        return paragraph("No trial has been trained.")
    holding = frames.frontier(record, by, refuted=False) if record.refuted else edge
    metric = record.metric
    measured, title = named(metric)["val_accuracy"], f"validation {metric.title}"
    rows = [
        (
            r["number"],
            words.count(r[by]),
            metric.written(r[measured]),
            r["outcome"],
            r["epochs"],
        )
        for r in holding.to_dict("records")
    ]
    header = ("trial", words.quantity(by), title, "outcome", "epochs")
    parts: list[Content] = [
        svg.inline(
            figures.frontier(record, by),
            f"Size against {metric.title}",
            f"{title[0].upper()}{title[1:]} of each trial's best epoch, stopped trainings "
            "included: the frontier is what was seen, a lower bound of what is possible.",
        ),
        element("h3", "Smallest for other targets"),
        _other_targets(record, edge, holding),
        element(
            "details",
            element("summary", "The frontier as a table"),
            table(header, rows, (0, 1, 2, 4)),
        ),
    ]
    data = next(iter(record.data.values()), {})
    if published.is_cifar10(data) and by == "size" and metric is DEFAULT_METRIC:
        parts.append(_published())
    return join(parts)


def _other_targets(record: StudyRecord, edge: pd.DataFrame, holding: pd.DataFrame) -> Markup:
    """What `analysis.smallest` answers, from the frontier that is at hand."""
    assert record.target is not None
    rows: list[tuple[Content, ...]] = []
    metric, asked = record.metric, record.with_target(record.target)
    measured = named(metric)["val_accuracy"]
    for step in (-0.10, -0.05, 0.0, 0.05, 0.10):
        value = metric.beyond(asked.value, step * asked.unit)
        target = record.with_target(round(value, 4) if metric.is_share else float(f"{value:.3g}"))
        if step and not min(metric.worst, metric.best) < target.value < max(
            metric.worst, metric.best
        ):
            continue
        known = edge if step < 0 else holding
        found = known[known[measured].map(target.is_met).astype(bool)]
        name = metric.goal(target.value) + (" (asked)" if step == 0 else "")
        if found.empty:
            rows.append((name, "none seen", "", ""))
            continue
        row = found.iloc[0]
        seen = metric.written(float(row[measured]))
        rows.append((name, words.count(float(row[record.minimize])), seen, int(row["number"])))
    title = f"validation {metric.title}"
    header = ("target", words.quantity(record.minimize), title, "trial")
    easier = "lower" if metric.greater_is_better else "higher"
    note = (
        f"Among the trials of this search, best epoch {words.no_worse(metric)} the target "
        f"{'+' if metric.greater_is_better else '-'} {metric.difference(record.margin)} margin; "
        f"what a certificate refuted counts for {easier} targets only. A search looks only near "
        "its own target, so a search for another may find smaller."
    )
    return join([table(header, rows, (1, 2, 3)), paragraph(note, class_="note")])


def _published() -> Markup:
    rows = [
        (p.name, words.count(p.size), words.percent(p.accuracy), p.epochs, p.source, p.remark)
        for p in published.POINTS
    ]
    header = ("model", "parameters", "test accuracy", "epochs", "source", "remark")
    summary = element("summary", "Models to compare with")
    return element("details", summary, table(header, rows, (1, 2, 3)))
