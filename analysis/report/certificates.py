"""The section of a page on certificates."""

from __future__ import annotations

from analysis.report.html import Markup, element, join, paragraph, table
from analysis.report.verdict import certificate_words
from tuner.records import words
from tuner.records.studies import StudyRecord


def certificates(record: StudyRecord) -> Markup:
    """Every certificate, and its accuracy for each seed."""
    if not record.certificates:
        return paragraph("No model of this study has been certified or refuted.")
    rows = [
        (
            c.trial,
            c.verdict,
            words.count(c.size),
            words.percent(c.mean, 2),
            "too few seeds" if c.bound is None else words.percent(c.at_least(2), 2),
            ", ".join(words.hundredths(a, 2) for a in c.accuracies),
            f"{len(c.seeds)} of {c.planned}",
            c.epochs,
        )
        for c in record.certificates.values()
    ]
    header = ("trial", "verdict", "parameters", "mean", "lower bound", "each seed, %")
    more = ("seeds", "epochs")
    said = [
        paragraph(f"Trial {c.trial}: {certificate_words(c)}") for c in record.certificates.values()
    ]
    return join(
        [
            *said,
            table([*header, *more], rows, numbers=(0, 2, 3, 4, 7)),
            element("details", element("summary", "How they were made"), _made(record)),
        ]
    )


def _made(record: StudyRecord) -> Markup:
    """What it takes to repeat each certificate, and where and when it was made."""
    rows = [
        (
            c.trial,
            ", ".join(str(seed) for seed in c.seeds),
            c.data_hash[:12],
            f"{words.count(c.train_size)} / {words.count(c.test_size)}",
            words.duration(c.seconds),
            c.machine,
            ", ".join(f"{name} {version}" for name, version in c.versions.items()),
            c.created[:16].replace("T", " "),
        )
        for c in record.certificates.values()
    ]
    images = "training / test images"
    header = ("trial", "seeds", "data", images, "trained for", "machine", "versions", "ended (UTC)")
    return table(header, rows, numbers=(0,))
