"""The page of one study."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from analysis import figures, frames
from analysis.report import certificates, parts, sizes, svg, sweeps
from analysis.report.html import (
    Content,
    Markup,
    command,
    element,
    facts,
    join,
    page,
    paragraph,
    section,
)
from analysis.report.verdict import banner, verdict
from tuner.records import words
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord


def study_report(study: optuna.Study | StudyRecord, again: Sequence[str] = ()) -> str:
    """One self-contained HTML page about a study, its answer first.

    Args:
        study: A search or a sweep.
        again: Options that commands must repeat to find the same storage.

    Raises:
        ValueError: The study has no trained trial yet.
    """
    record = frames.record_of(study)
    if not record.trained:
        raise ValueError(f"study {record.name!r} has no trained trial yet.")
    body = _sweep(record) if record.target is None else _search(record)
    return page(
        f"tuner report: {record.name}",
        header(record),
        verdict(record, again),
        _summary(record),
        *body,
        section("Data", parts.data(record)),
        section("Trials", parts.trials(record), _all_trials(record, again)),
        section("How it was made", _provenance(record)),
    )


def header(record: StudyRecord) -> Markup:
    """Name and question of a study, and the banner where its data stands in."""
    question = paragraph(record.question, class_="quiet")
    return element("header", element("h1", record.name), question, banner(record))


def _search(record: StudyRecord) -> list[Content]:
    name = record.name
    return [
        section("The model", parts.model(record)),
        section("Evaluation", parts.evaluation(record)),
        section("Certificates", certificates.certificates(record)),
        section(f"Size and {record.metric.title}", sizes.frontier(record)),
        section(
            "Learning curves",
            svg.inline(figures.learning_curves(record), f"{name}: learning curves"),
        ),
        section("Hyperparameters", *_hyperparameters(record)),
        section(
            "Epochs",
            svg.inline(
                figures.effort(record),
                f"{name}: epochs spent and saved",
                f"{words.several(record.gated, 'further configuration')} not worth training "
                "were turned away by the size gate and cost no epoch."
                if record.gated != 1
                else "One further configuration was turned away by the size gate untrained.",
            ),
        ),
        section("Pruning audit", _audit(record)),
    ]


def _hyperparameters(record: StudyRecord) -> list[Content]:
    name, title = record.name, record.metric.title
    best = "highest" if record.metric.greater_is_better else "lowest"
    shares = figures.importances(record)
    return [
        svg.inline(
            figures.importance(record, shares=shares),
            f"{name}: importance of hyperparameters",
            "Optuna's PED-ANOVA over all trained trials but the reference: what it takes to be "
            f"among the tenth with the {best} validation {title} of the best epoch. Stopped "
            "trainings count with what they had reached; a search samples where it hopes to "
            "win, so this is what mattered there.",
        ),
        svg.inline(
            figures.marginal_effects(record, shares=shares),
            f"{name}: validation {title} by hyperparameter",
            "Each point a trial; the line is the median within groups of similar size, the other "
            "hyperparameters varying along: it shows association, not cause.",
        ),
    ]


def _audit(record: StudyRecord) -> Markup:
    found = figures.audit(record)
    said = paragraph(found.words())
    if not found.audited:
        return said
    return join([said, svg.inline(figures.pruning_audit(record), "Audited trials")])


def _sweep(record: StudyRecord) -> list[Content]:
    title = record.metric.title
    body: list[Content] = [
        section(
            f"{title[0].upper()}{title[1:]}",
            sweeps.sweep_table(record),
            svg.inline(figures.gap(record), f"{record.name}: {title} by configuration"),
        )
    ]
    for name, listed in record.study.get("grid", {}).items():
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in listed):
            picture = svg.inline(figures.varied(record, name), f"{record.name}: {title} by {name}")
            body.append(section(f"By {name}", picture))
    curves = svg.inline(figures.learning_curves(record), f"{record.name}: learning curves")
    return [*body, section("Learning curves", curves)]


def _summary(record: StudyRecord) -> Markup:
    rows: list[tuple[Content, Content]] = []
    if record.target is not None:
        rows.append(("target", words.target(record).removeprefix("target ")))
    rows += [
        ("horizon", words.several(record.horizon, "epoch")),
        ("data", ", ".join(record.dataset_names)),
        ("trained trials", words.count(len(record.trained))),
        ("epochs spent", words.count(record.epochs_spent)),
    ]
    if record.target is not None:
        rows.append(("epochs saved", words.count(record.epochs_saved)))
        rows.append(("turned away untrained", words.count(record.gated)))
    return facts(rows)


def _all_trials(record: StudyRecord, again: Sequence[str]) -> Markup:
    return paragraph("Every trial: ", command("trials", record.name, "--csv", *again))


def _provenance(record: StudyRecord) -> Markup:
    attributes = record.attributes
    versions = attributes.get(StudyKey.VERSIONS, {})
    rows: list[tuple[Content, Content]] = [
        ("seed", str(attributes.get(StudyKey.SEED, "?"))),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions.items()) or "?"),
    ]
    if record.warm_start:
        name, count = record.warm_start
        rows.insert(1, ("warm start", f"{words.several(count, 'trial')} of {name}"))
    if record.created_by:
        rows.append(("made by", element("code", record.created_by)))
    return facts(rows)
