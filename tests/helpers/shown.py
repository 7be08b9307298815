"""Views as text, and what they are drawn of."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import optuna
from rich.console import Console

from tests.helpers import fakes
from tuner.records.keys import TrialKey
from tuner.records.studies import StudyRecord
from tuner.sessions.progress import CertificateProgress, RunProgress
from tuner.sessions.result import Result
from tuner.sessions.watcher import Silent

RUN = RunProgress(20, 0, 2, 95.0, 300.0, "sqlite:///tuner.db")
"""A run of a search, a third of the way."""


def record(study: optuna.Study) -> StudyRecord:
    return StudyRecord.of(study)


def drawn(renderable, width: int = 100) -> str:
    out = Console(file=io.StringIO(), width=width, color_system=None)
    out.print(renderable)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def result(study: optuna.Study, status="met", **more) -> Result:
    resume = more.get("resume", "tuner search q10 --trials 20 --seed 3")
    folder = Path("tuner-results/q10")
    return Result(status, record(study), RUN, folder, resume, more.get("exhausted", False))


def play(watcher) -> None:
    """A search as a watcher sees it, from two trials of an earlier run to the end."""
    study = fakes.make_study()
    fakes.add_trial(study, "reached", 78_186, 0.81, 16, **{TrialKey.REFERENCE: True})
    fakes.add_trial(study, "missed", 2_010, 0.612)
    watcher.started(record(study), RUN)
    trial = fakes.add_running(study, 9_500, epochs=2)
    watcher.updated(record(study), RUN)
    watcher.updated(record(study), RUN)
    trial.set_user_attr(TrialKey.HISTORY, fakes.curve(0.9, 4))
    trial.set_user_attr(TrialKey.OUTCOME, "reached")
    study.tell(trial, 9_500)
    fakes.add_trial(study, "gated", 30_000)
    fakes.add_trial(study, None, 6_000, 0.4, 3)
    watcher.updated(record(study), RUN)
    study.ask()
    fakes.add_trial(study, "pruned", 1_200, 0.5, 6)
    watcher.finished(result(study))


def certifying(study: optuna.Study, accuracies=(0.757, 0.744)) -> RunProgress:
    """A run in which the incumbent's certificate is in the making."""
    found = record(study)
    assert found.incumbent is not None
    companion = fakes.make_study("q10/certificates")
    trial = fakes.add_running(companion, epochs=9)
    trial.set_user_attr(TrialKey.CELL, {"trial": 8, "training": 2})
    under_way = record(companion).trials
    return replace(
        RUN, certifying=CertificateProgress(found.incumbent, 5, 21, tuple(accuracies), under_way)
    )


class Heard(Silent):
    """A watcher that remembers what it was told in a line.

    Attributes:
        notices: The lines.
    """

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str, *, banner: bool = False) -> None:
        """Remembers it."""
        self.notices.append(text)
