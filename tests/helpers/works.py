"""A study without trials as a worker has it, for tests that train in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from tuner.data import DataSet, resolve
from tuner.records.keys import SCHEMA, StudyKey
from tuner.specs.files import read_study
from tuner.trials.work import Work
from tuner.workers.prepare import load


def data_in(folder: Path) -> DataSet:
    """The images beside the study file of `tests.helpers.tiny`."""
    return resolve(str(folder / "images.npz"))


def work_in(
    folder: Path,
    study_file: Path,
    *,
    attributes: Mapping[str, Any] | None = None,
    pruner: optuna.pruners.BasePruner | None = None,
    **options: Any,
) -> Work:
    """What the trials of a study on the images in a folder share.

    Args:
        folder: With the images; results go to ``out`` in it.
        study_file: The study.
        attributes: More of the study's user attributes.
        pruner: The study's; None: Optuna's own.
        options: Fields of the `Work`.
    """
    spec = read_study(str(study_file))
    (name,) = spec.datasets()
    data = resolve(name)
    study = optuna.create_study(study_name="tiny", pruner=pruner)
    stored = {StudyKey.SCHEMA: SCHEMA, StudyKey.STUDY: spec.model_dump(), **(attributes or {})}
    for key, value in stored.items():
        study.set_user_attr(key, value)
    space = load(spec, data)
    return Work(
        study=study,
        spec=spec,
        spaces={name: space},
        data={name: data},
        results=folder / "out",
        seed=0,
        versions={},
        **{"stopping": lambda: False, **options},
    )
