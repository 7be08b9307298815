"""The section of a page on a sweep's configurations."""

from __future__ import annotations

from analysis.figures.seeds import PARTS, gaps
from analysis.report.html import Content, Markup, join, paragraph, table
from tuner.records.studies import StudyRecord


def sweep_table(record: StudyRecord) -> Markup:
    """Mean and standard deviation of each part of the examples, a row a configuration."""
    found = gaps(record)
    if found.empty:
        return paragraph("No training of the sweep has ended yet.")
    metric = record.metric
    rows: list[list[Content]] = []
    for row in found.to_dict("records"):
        cells: list[Content] = [str(row["dataset"]), str(row["configuration"])]
        for part in PARTS:
            mean, sd, number = (row[f"{part} {what}"] for what in ("mean", "std", "count"))
            if not number:
                cells.append("not measured")
                continue
            spread = f" {metric.spread(sd)}" if number > 1 else ""
            cells.append(f"{metric.written(mean)}{spread} ({int(number)})")
        rows.append(cells)
    header = ("data", "configuration", *PARTS)
    title = f"{metric.title[0].upper()}{metric.title[1:]}"
    points = " in points" if metric.is_share else ""
    note = f"{title} after the last epoch: mean ± standard deviation{points} (seeds)."
    return join([table(header, rows, (2, 3, 4)), paragraph(note, class_="note")])
