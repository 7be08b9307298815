"""Everything that the project does with Optuna's private names, in one file.

Optuna offers no public way to write to a trial that one has not asked for oneself, or to find the
storage of a study. A release of Optuna that renames something is mended here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage, get_storage
from optuna.study._frozen import FrozenStudy as FrozenStudy
from optuna.trial import FrozenTrial, TrialState

AnyTrial = optuna.Trial | FrozenTrial


def with_cache(database: RDBStorage) -> BaseStorage:
    """A database behind Optuna's cache, which reads ended trials once."""
    return get_storage(database)


def storage_of(study: optuna.Study) -> BaseStorage:
    """The storage that a study lives in, with Optuna's cache before it."""
    return study._storage


def id_of(trial: AnyTrial) -> int:
    """What the storage calls a trial; its number is its place in its study."""
    return trial._trial_id


def age_of(study: Any) -> int:
    """Rises with the order in which a storage's studies were made."""
    return int(study._study_id)


def stored(study: optuna.Study, trial: AnyTrial) -> FrozenTrial:
    """A trial as the storage has it now."""
    return study._storage.get_trial(trial._trial_id)


def set_attribute(study: optuna.Study, trial: AnyTrial, key: str, value: Any) -> None:
    """Sets a user attribute of a trial that runs, whoever runs it.

    Raises:
        optuna.exceptions.UpdateFinishedTrialError: The trial has ended.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)


def set_state(
    study: optuna.Study,
    trial: AnyTrial,
    state: TrialState,
    values: Sequence[float] | None = None,
) -> bool:
    """Changes a trial's state.

    Returns:
        False where it was to run and another process has just taken it.

    Raises:
        optuna.exceptions.UpdateFinishedTrialError: The trial has ended.
    """
    return study._storage.set_trial_state_values(trial._trial_id, state=state, values=values)


def show_constraints(study: optuna.Study, trial: AnyTrial, values: Sequence[float]) -> None:
    """Sets constraints where the dashboard looks for them, which is Optuna's older key."""
    study._storage.set_trial_system_attr(trial._trial_id, "constraints", list(values))
