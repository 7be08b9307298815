"""Sections of a page on one model, the data and the trials."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis import figures
from analysis.figures.confusion import accuracy_words, confusion_of
from analysis.figures.evaluating import shown
from analysis.report import svg
from analysis.report.html import Content, Markup, element, escape, facts, join, paragraph, table
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

LISTED = 50
"""Rows of the table of trials; the whole table is one command away."""


def stand_ins(records: Sequence[StudyRecord], meant: str) -> list[Content]:
    """A loud line where studies were made on data that stand in for others; else nothing.

    Args:
        records: The studies of a page.
        meant: What the data stand in for.
    """
    names = [r.name for r in records if r.stand_in]
    if not names:
        return []
    text = f"Made on stand-in data, which says nothing about {meant}: {', '.join(names)}."
    return [paragraph(text, class_="loud")]


def model(record: StudyRecord) -> Markup:
    """The model that a study is shown by: cost, metric, hyperparameters, file."""
    trial = shown(record)
    if trial is None:
        return paragraph("No trial has been trained.")
    title = record.metric.title
    one = f"{'an' if record.example[0] in 'aeiou' else 'a'} {record.example}"
    rows: list[tuple[Content, Content]] = [
        ("trainable parameters", words.count(trial.size)),
        ("all parameters", words.count(trial.total_size)),
        (f"multiply-accumulates {one}", words.count(trial.macs)),
        ("bytes in float32", words.count(trial.bytes)),
        (f"validation {title}, best epoch", record.metric.written(trial.val_measured)),
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


def _note_on_training(record: StudyRecord, trial: TrialRecord) -> str:
    """What the training curve of the evaluation image is; empty where there is none."""
    if not any(math.isfinite(e.measured) for e in trial.history):
        return ""
    return (
        f"Training {record.metric.title} is measured while the epoch trains, with dropout and "
        "augmentation on."
    )


def evaluation(record: StudyRecord) -> Markup:
    """The evaluation image, and the commonest mistakes."""
    trial = shown(record)
    if trial is None:
        return paragraph("No trial has been trained, so there is nothing to evaluate.")
    picture = svg.inline(
        figures.evaluation(record, trial.number),
        f"Evaluation of trial {trial.number}",
        _note_on_training(record, trial),
    )
    confusion = confusion_of(record, trial)
    if confusion is None or not (worst := confusion.worst()):
        return picture
    rows = [(a, b, words.count(n), words.percent(share)) for a, b, n, share in worst]
    said = f"Commonest mistakes of {confusion.images}; {accuracy_words(confusion)} are right."
    header = ("true class", "taken for", record.examples, "of the class")
    return join([picture, paragraph(said), table(header, rows, numbers=(2, 3))])


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
        record.metric.written(trial.val_measured),
        trial.epochs,
        words.values(trial),
    ]


def data(record: StudyRecord) -> Markup:
    """The shape of the data."""
    rows = [
        (
            str(d.get("name", key)),
            len(d.get("classes", ())) or "none",
            words.shape(d, " x "),
            words.count(d.get("train_size")),
            words.count(d.get("validation_size")),
            words.count(d.get("test_size")),
            str(d.get("source", "")),
            str(d.get("hash", ""))[:12],
        )
        for key, d in record.data.items()
    ]
    images = ("training", "validation", "test")
    shape = f"shape of {record.examples}"
    header = ("data", "classes", shape, *images, "source", "hash")
    named = [
        paragraph("Classes: ", escape(", ".join(map(str, names))), class_="note")
        for d in record.data.values()
        if (names := d.get("classes", ()))
    ]
    return join([table(header, rows, (1, 3, 4, 5)), *dict.fromkeys(named)])
