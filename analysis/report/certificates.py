"""The section of a page on certificates."""

from __future__ import annotations

from analysis.report.html import Markup, element, join, paragraph, table
from analysis.report.verdict import certificate_words
from tuner.records import words
from tuner.records.studies import StudyRecord


def certificates(record: StudyRecord) -> Markup:
    """Every certificate, of models and of recipes."""
    parts = [part for part in (_models(record), _recipes(record)) if part]
    return join(parts) if parts else paragraph("Nothing of this study has been proven or refuted.")


def _models(record: StudyRecord) -> Markup:
    """What was proven of files, a row each, in the order of the looks."""
    found = sorted(record.model_certificates.values(), key=lambda c: c.look)
    if not found:
        return Markup("")
    rows = [
        (
            c.look,
            c.trial,
            words.verdict_word(c),
            words.count(c.size),
            c.metric.written(c.measured, 2),
            c.metric.written(c.at_least(2), 2),
            words.percent(c.level, 2),
            words.percent(c.left, 0),
            f"{c.epochs} (met after {c.met_after})",
            c.model_file,
            c.sha256[:12],
        )
        for c in found
    ]
    metric = record.metric
    bound = f"{words.side(metric)} bound"
    header = ("look", "trial", "verdict", "parameters", f"test {metric.title}", bound)
    more = ("level", "budget left", "epochs", "file", "sha256")
    said = (
        "Of models: each file was tested once. All looks together may be wrong with a chance of "
        f"{words.goal(words.ERRORS)} at most, so a later look asks for more; one that proves its "
        "model costs nothing."
    )
    return join([paragraph(said), table([*header, *more], rows, numbers=(0, 1, 3, 4, 5, 6, 7))])


def _recipes(record: StudyRecord) -> Markup:
    if not record.certificates:
        return Markup("")
    rows = [
        (
            c.trial,
            words.verdict_word(c),
            words.count(c.size),
            c.metric.written(c.mean, 2),
            "too few seeds" if c.bound is None else c.metric.written(c.at_least(2), 2),
            ", ".join(c.metric.bare(a, 2) for a in c.measured),
            f"{len(c.seeds)} of {c.planned}",
            c.epochs,
        )
        for c in record.certificates.values()
    ]
    each = "each seed, %" if record.metric.is_share else "each seed"
    bound = f"{words.side(record.metric)} bound"
    header = ("trial", "verdict", "parameters", "mean", bound, each)
    more = ("seeds", "epochs")
    said = [
        paragraph(f"Recipe of trial {c.trial}: {certificate_words(c)}")
        for c in record.certificates.values()
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
    images = f"training / test {record.examples}"
    header = ("trial", "seeds", "data", images, "trained for", "machine", "versions", "ended (UTC)")
    return table(header, rows, numbers=(0,))
