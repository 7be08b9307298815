"""Results as a notebook shows them: a short table, and the figure of size against the metric."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tuner.records import words
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

DOTS = 110
"""Of the figure, an inch."""
HEADLINES = {
    "met": "the target is met",
    "not_met": "nothing met the target",
    "complete": "the sweep is complete",
    "interrupted": "stopped before the end; nothing is lost",
}
Rows = Sequence[tuple[str, str]]


def result_page(record: StudyRecord, status: str, file: Path | None) -> str:
    """A search's result as HTML.

    Args:
        record: The study.
        status: How the search ended.
        file: Of the best model, where there is one.
    """
    best = record.incumbent
    rows = [("asked", words.asked(record))]
    if best is not None:
        rows += _found(record, best)
        if file is not None:
            rows.append(("file", str(file)))
    elif (closest := record.closest) is not None:
        rows.append(("closest", f"{words.size(closest)}, {words.learnt(closest)}"))
    trained = words.several(len(record.trained), "trial")
    rows.append(("trained", f"{trained}, {words.several(record.epochs_spent, 'epoch')}"))
    return _page(f"{record.name}: {HEADLINES[status]}", rows, picture(record))


def proof_page(record: StudyRecord, trial: TrialRecord | None, *, holds: bool) -> str:
    """What came of proving something of a trial, as HTML."""
    if trial is None:
        return _page(f"{record.name}: nothing that met the target holds", [], picture(record))
    held = "proven" if holds else "not proven"
    return _page(f"{record.name}, trial {trial.number}: {held}", _found(record, trial), "")


def _found(record: StudyRecord, trial: TrialRecord) -> list[tuple[str, str]]:
    values = ", ".join(f"{k}={words.value(v)}" for k, v in trial.values.items() if v is not None)
    rows = [("smallest model", words.size(trial)), ("hyperparameters", values or "none")]
    rows.append((record.metric.title, words.delivered(record, trial)))
    rows += words.proofs(record, trial)
    if times := words.comparison(record, trial):
        rows.append(("reference", times))
    return rows


def _page(title: str, rows: Rows, figure: str) -> str:
    cell = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"
    table = "".join(
        f'<tr><th style="{cell};font-weight:normal;opacity:.7">{html.escape(name)}</th>'
        f'<td style="{cell}">{html.escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<div><b>{html.escape(title)}</b><table>{table}</table>{figure}</div>"


def picture(record: StudyRecord) -> str:
    """The figure of a search, as an image within HTML; empty where nothing was trained."""
    if record.target is None or not record.trained:
        return ""
    file = io.BytesIO()
    drawn(record).savefig(file, format="png", dpi=DOTS, bbox_inches="tight")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img style="max-width:720px;background:white" src="data:image/png;base64,{data}">'


def drawn(record: StudyRecord) -> Any:
    """The figure: size against the metric, with the frontier."""
    from analysis.figures.tradeoff import frontier

    return frontier(record)
