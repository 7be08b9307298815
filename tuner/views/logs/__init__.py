"""Logs: a search as other tools show it, one tool a module, each an ordinary watcher.

A new one is a module here and a line in `KINDS`. What a log writes is what a study has stored:
curves, hyperparameters, sizes, the winner. Its library is an extra, imported where it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuner.errors import UsageError

if TYPE_CHECKING:
    from tuner.sessions.watcher import Watcher

KINDS = ("tensorboard", "mlflow")
"""What may be asked for; behind a colon, where it is kept."""


def log_of(text: str, results: Path) -> Watcher:
    """The log that a user asked for.

    Args:
        text: ``tensorboard``, ``tensorboard:FOLDER``, ``mlflow`` or ``mlflow:URI``.
        results: The results folder, where a log is that is given no other place.

    Raises:
        UsageError: There is no such log, or its library is not installed.
    """
    kind, _, place = text.partition(":")
    if kind == "tensorboard":
        from tuner.views.logs.tensorboard import TensorBoardLog

        return TensorBoardLog(Path(place) if place else results / "tensorboard")
    if kind == "mlflow":
        from tuner.views.logs.mlflow import MlflowLog

        return MlflowLog(place or None)
    raise UsageError(f"no log is called {kind!r}; there are: {', '.join(KINDS)}.")
