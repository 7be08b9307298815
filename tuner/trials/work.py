"""What every trial of a study shares within a worker, and what may end one from outside."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import optuna

from tuner.data import DataSet
from tuner.specs.spec import Study
from tuner.storages.sent_files import SentFiles


class StopRequested(Exception):  # noqa: N818 - not an error
    """The user or the time limit asked for the training to stop."""


@dataclasses.dataclass(frozen=True)
class Work:
    """What every trial of a study shares within a worker."""

    study: optuna.Study
    spec: Study
    spaces: Mapping[str, Any]
    """A hypermodel for each data set that the study names."""
    data: Mapping[str, DataSet]
    results: Path
    seed: int
    versions: Mapping[str, str]
    stopping: Callable[[], bool]
    """Whether to stop; asked every few thousand images."""
    proves: Literal["model", "recipe"] | None = None
    """What the trials of this study prove of another study's."""
    keeps_checkpoints: bool = False
    """Whether a training that met the target may have to go on from where it was stopped."""
    files: SentFiles | None = None
    """Brings the models to whoever plans the search, where that is another machine."""

    raises: bool = False
    """Whether an error of the user's code is raised, once its trial is stored as failed."""

    @property
    def kind(self) -> str:
        """``search``, ``sweep``, ``recipe`` or ``model``."""
        return self.proves or self.spec.kind
