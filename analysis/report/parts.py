"""Sections that pages are made of."""

from __future__ import annotations

import pandas as pd

from analysis import figures, frames, published
from analysis.figures.confusion import accuracy_words, confusion_of
from analysis.figures.evaluating import shown
from analysis.figures.seeds import PARTS, gaps
from analysis.report import svg
from analysis.report.html import Content, Markup, element, escape, facts, join, paragraph, table
from analysis.report.verdict import certificate_words
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

LISTED = 50
"""Rows of the table of trials; the whole table is one command away."""


def model(record: StudyRecord) -> Markup:
    """The model that a study is shown by: cost, accuracy, hyperparameters, file."""
    trial = shown(record)
    if trial is None:
        return paragraph("No trial has been trained.")
    rows: list[tuple[Content, Content]] = [
        ("trainable parameters", words.count(trial.size)),
        ("all parameters", words.count(trial.total_size)),
        ("multiply-accumulates an image", words.count(trial.macs)),
        ("bytes in float32", words.count(trial.bytes)),
        ("validation accuracy, best epoch", words.percent(trial.val_accuracy)),
        ("epochs", f"{trial.epochs} of {record.horizon}"),
        ("training time", words.duration(trial.seconds)),
        ("file", trial.model_file or "not kept"),
    ]
    values = [(k, words.value(v)) for k, v in trial.values.items() if v is not None]
    heading = f"Trial {trial.number}, seed {trial.seed}"
    if not trial.reached:
        heading += ", the closest to the target"
    return join(
        [
            paragraph(heading),
            facts(rows),
            element("h3", "Description: hyperparameters"),
            facts(values),
        ]
    )


def evaluation(record: StudyRecord) -> Markup:
    """The evaluation image, and the commonest mistakes."""
    trial = shown(record)
    if trial is None:
        return paragraph("No trial has been trained, so there is nothing to evaluate.")
    picture = svg.inline(
        figures.evaluation(record, trial.number),
        f"Evaluation of trial {trial.number}",
        "Training accuracy is measured while the epoch trains, with dropout and augmentation on.",
    )
    confusion = confusion_of(record, trial)
    if confusion is None or not (worst := confusion.worst()):
        return picture
    rows = [(a, b, words.count(n), words.percent(share)) for a, b, n, share in worst]
    said = f"Commonest mistakes of {confusion.images}; {accuracy_words(confusion)} are right."
    header = ("true class", "taken for", "images", "of the class")
    return join([picture, paragraph(said), table(header, rows, numbers=(2, 3))])


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


def frontier(record: StudyRecord) -> Markup:
    """The frontier as a figure and a table, and the answers for other targets."""
    by = record.minimize
    edge = frames.frontier(record, by)
    if edge.empty:
        return paragraph("No trial has been trained.")
    rows = [
        (
            r["number"],
            words.count(r[by]),
            words.percent(r["val_accuracy"]),
            r["outcome"],
            r["epochs"],
        )
        for r in edge.to_dict("records")
    ]
    header = ("trial", words.quantity(by), "validation accuracy", "outcome", "epochs")
    parts: list[Content] = [
        svg.inline(
            figures.frontier(record, by),
            "Size against accuracy",
            "Validation accuracy of each trial's best epoch, stopped trainings included: the "
            "frontier is what was seen, a lower bound of what is possible.",
        ),
        element("h3", "Smallest for other targets"),
        _other_targets(record, edge),
        element(
            "details",
            element("summary", "The frontier as a table"),
            table(header, rows, (0, 1, 2, 4)),
        ),
    ]
    data = next(iter(record.data.values()), {})
    if published.is_cifar10(data) and by == "size":
        parts.append(_published())
    return join(parts)


def _other_targets(record: StudyRecord, edge: pd.DataFrame) -> Markup:
    """What `analysis.smallest` answers, from the frontier that is at hand."""
    assert record.target is not None
    holding = frames.frontier(record, record.minimize, refuted=False) if record.refuted else edge
    rows: list[tuple[Content, ...]] = []
    for step in (-0.10, -0.05, 0.0, 0.05, 0.10):
        target = record.with_target(round(record.target + step, 4))
        if not 0 < target.value < 1:
            continue
        known = edge if step < 0 else holding
        found = known[known["val_accuracy"].map(target.is_met).astype(bool)]
        name = words.goal(target.value) + (" (asked)" if step == 0 else "")
        if found.empty:
            rows.append((name, "none seen", "", ""))
            continue
        row = found.iloc[0]
        accuracy = words.percent(float(row["val_accuracy"]))
        rows.append((name, words.count(float(row[record.minimize])), accuracy, int(row["number"])))
    header = ("target", words.quantity(record.minimize), "validation accuracy", "trial")
    note = (
        f"Among the trials of this search, best epoch at least the target + "
        f"{words.points(record.margin)} margin; what a certificate refuted counts for lower "
        "targets only. A search looks only near its own target, so a search for another may find "
        "smaller."
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


def sweep_table(record: StudyRecord) -> Markup:
    """Mean and standard deviation of each part of the images, a row a configuration."""
    found = gaps(record)
    if found.empty:
        return paragraph("No training of the sweep has ended yet.")
    rows: list[list[Content]] = []
    for row in found.to_dict("records"):
        cells: list[Content] = [str(row["dataset"]), str(row["configuration"])]
        for part in PARTS:
            mean, sd, number = (row[f"{part} {what}"] for what in ("mean", "std", "count"))
            if not number:
                cells.append("not measured")
                continue
            spread = f" {words.spread(sd)}" if number > 1 else ""
            cells.append(f"{words.percent(mean)}{spread} ({int(number)})")
        rows.append(cells)
    header = ("data", "configuration", *PARTS)
    note = "Accuracy after the last epoch: mean ± standard deviation in points (seeds)."
    return join([table(header, rows, (2, 3, 4)), paragraph(note, class_="note")])


def trials(record: StudyRecord) -> Markup:
    """The smallest trained trials."""
    trained = sorted(record.trained, key=lambda t: (t.size or 0, t.number))
    rows = [_row(record, t) for t in trained[:LISTED]]
    header = ("trial", "outcome", "parameters", "total", "validation", "epochs", "hyperparameters")
    what = words.several(len(trained), "trained trial")
    if len(trained) > LISTED:
        what = f"The {LISTED} smallest of {what}"
    return element("details", element("summary", what), table(header, rows, (0, 2, 3, 4, 5)))


def _row(record: StudyRecord, trial: TrialRecord) -> list[Content]:
    return [
        trial.number,
        words.outcome(trial, sweep=record.kind == "sweep"),
        words.count(trial.size),
        words.count(trial.total_size),
        words.percent(trial.val_accuracy),
        trial.epochs,
        words.values(trial),
    ]


def data(record: StudyRecord) -> Markup:
    """The shape of the data."""
    rows = [
        (
            str(d.get("name", key)),
            len(d.get("classes", ())),
            " x ".join(map(str, d.get("image_shape", ()))),
            words.count(d.get("train_size")),
            words.count(d.get("validation_size")),
            words.count(d.get("test_size")),
            str(d.get("source", "")),
            str(d.get("hash", ""))[:12],
        )
        for key, d in record.data.items()
    ]
    images = ("training", "validation", "test")
    header = ("data", "classes", "image shape", *images, "source", "hash")
    named = [
        paragraph("Classes: ", escape(", ".join(map(str, d.get("classes", ())))), class_="note")
        for d in record.data.values()
    ]
    return join([table(header, rows, (1, 3, 4, 5)), *dict.fromkeys(named)])
