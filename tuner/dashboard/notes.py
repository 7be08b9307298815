"""The note and the drawing that the dashboard shows on each study."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage

from tuner.basics.versions import install_command
from tuner.errors import UsageError
from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.storages.studies import find_study, study_names

DRAWN = "dashboard:drawn"
"""User attribute of a study: how many trained trials its stored plot shows."""

SIGNATURE = "*Kept up to date by `tuner dashboard`; delete this line to keep a text of your own.*"


def dashboard_package() -> Any:
    """Optuna's dashboard, an extra.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import optuna_dashboard
    except ImportError as error:
        raise UsageError(
            f"the dashboard is not installed; install it with: {install_command('dashboard')}."
        ) from error
    return optuna_dashboard


def write_notes(storage: BaseStorage, results: Path) -> int:
    """Writes each study's plot and note where they have changed and the note is the tool's own.

    Returns:
        How many notes were written.
    """
    dashboard = dashboard_package()
    written = 0
    for name in study_names(storage):
        study = find_study(name, storage)
        draw(study)
        now, body = dashboard.get_note(study), note(study, results)
        if now != body and (not now.strip() or SIGNATURE in now):
            dashboard.save_note(study, body)
            written += 1
    return written


def draw(study: optuna.Study) -> None:
    """Stores the frontier as a plot of the study's, where it has changed."""
    record = StudyRecord.of(study)
    trained = len(record.trained)
    if not trained or study.user_attrs.get(DRAWN) == trained:
        return
    from tuner.dashboard.plot import PLOT_ID, frontier_plot

    dashboard_package().save_plotly_graph_object(
        study, frontier_plot(record), graph_object_id=PLOT_ID
    )
    study.set_user_attr(DRAWN, trained)


def note(study: optuna.Study, results: Path) -> str:
    """What a study asks and has found, in Markdown."""
    record = StudyRecord.of(study)
    unit = 1.0 if record.objective is None else record.objective.unit
    units = "" if unit == 1.0 else f", in units of {unit:.3g}"
    lines = [
        f"## {record.name}",
        record.question,
        "",
        f"- Data: **{words.data(record)}**",
        f"- Asked: {words.asked(record)}",
        f"- Trained: {words.several(len(record.trained), 'trial')}; "
        f"{words.count(record.gated)} gated",
        *_models(record, results),
        "",
        "The value of a trial is what the study minimises. Its intermediate values are how far "
        f"{record.metric.title} on validation {record.examples} is short of target and "
        f"margin{units}: at 0 or below the target is met. "
        "Trials that did not meet it are infeasible.",
        "",
        "```",
        shlex.join(["tuner", "best", record.name]),
        shlex.join(["tuner", "trials", record.name, "--sort", "size"]),
        shlex.join(["tuner", "status", record.name]),
        "```",
        SIGNATURE,
    ]
    return "\n".join(lines)


def _models(record: StudyRecord, results: Path) -> list[str]:
    if record.target is None:
        return []
    lines = []
    best, reference = record.incumbent, record.reference
    if best is None:
        lines.append("- Smallest: none has met the target yet")
    else:
        times = words.comparison(record, best)
        lines.append(
            f"- Smallest: **{words.size(best)}**, {words.delivered(record, best)}, "
            f"trial {best.number}{f', {times}' if times else ''}"
        )
        lines += [f"- {label.capitalize()}: {line}" for label, line in words.proofs(record, best)]
        if best.model_file:
            lines.append(f"- File: `{results / record.name / best.model_file}`")
        if kept := record.artifact_of(best.model_file):
            lines.append(f"- In the artifact store: `{kept}`")
    which = 1 if record.prove == "recipe" else 0
    for trial in record.trials:
        if trial.number in record.refuted:
            label, line = words.proofs(record, trial)[which]
            lines.append(f"- Trial {trial.number}, {words.size(trial)}, {label}: {line}")
    if reference is not None:
        lines.append(
            f"- Reference: {words.size(reference)}, {words.learnt(reference)}, "
            f"trial {reference.number}"
        )
    return lines
