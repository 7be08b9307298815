"""Results as a notebook shows them: a short table, and the figure of size against the metric."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
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
Row = tuple[str, str]


@dataclass(frozen=True)
class Page:
    """What is said of a result.

    Attributes:
        title: What came of it.
        rows: What of, and what is said of that.
    """

    title: str
    rows: Sequence[Row] = ()

    def html(self, figure: str = "") -> str:
        """As a table.

        Args:
            figure: Of HTML too, below it.
        """
        cell = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"
        table = "".join(
            f'<tr><th style="{cell};font-weight:normal;opacity:.7">{html.escape(name)}</th>'
            f'<td style="{cell}">{html.escape(value)}</td></tr>'
            for name, value in self.rows
        )
        return f"<div><b>{html.escape(self.title)}</b><table>{table}</table>{figure}</div>"

    def text(self) -> str:
        """As lines."""
        width = max((len(name) for name, _ in self.rows), default=0)
        return "\n".join(
            [self.title, *(f"  {name:<{width}}  {value}" for name, value in self.rows)]
        )


def result_page(record: StudyRecord, status: str, file: Path | None) -> Page:
    """What a search came to.

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
        if kept := record.artifact_of(best.model_file):
            rows.append(("kept as well in", kept))
    elif (closest := record.closest) is not None:
        rows.append(("closest", f"{words.size(closest)}, {words.learnt(closest)}"))
    trained = words.several(len(record.trained), "trial")
    rows.append(("trained", f"{trained}, {words.several(record.epochs_spent, 'epoch')}"))
    return Page(f"{record.name}: {HEADLINES[status]}", rows)


def proof_page(record: StudyRecord, trial: TrialRecord | None, *, holds: bool) -> Page:
    """What came of proving something of a trial."""
    if trial is None:
        return Page(f"{record.name}: {nothing_to_prove(record)}")
    held = "proven" if holds else "not proven"
    return Page(f"{record.name}, trial {trial.number}: {held}", _found(record, trial))


def nothing_to_prove(record: StudyRecord) -> str:
    """Why a study has no trial that could be proven."""
    if record.refuted:
        return "nothing that met the target holds"
    return "nothing has met the target yet"


def _found(record: StudyRecord, trial: TrialRecord) -> list[Row]:
    values = ", ".join(f"{k}={words.value(v)}" for k, v in trial.values.items() if v is not None)
    rows = [("smallest model", words.size(trial)), ("hyperparameters", values or "none")]
    rows.append((record.metric.title, words.delivered(record, trial)))
    rows += words.proofs(record, trial)
    if times := words.comparison(record, trial):
        rows.append(("reference", times))
    return rows


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
