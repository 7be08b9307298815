"""What goes from machine to machine: a search without trials, and files in place of models."""

from __future__ import annotations

from pathlib import Path

import optuna

from tuner.records.keys import StudyKey

NAME = "trial-0003.keras"


def search(name: str) -> optuna.Study:
    """A study of this program's, in a storage of its own."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = optuna.create_study(study_name=name)
    made.set_user_attr(StudyKey.SCHEMA, 2)
    return made


def written(folder: Path, content: bytes, name: str = NAME) -> Path:
    """A file in a folder that is made where it is missing."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name
