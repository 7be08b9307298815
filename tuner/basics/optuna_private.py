"""Everything that the project does with Optuna's private names, in one file.

Optuna offers no public way to write to a trial that one has not asked for oneself, or to find the
storage of a study. A release of Optuna that renames something is mended here.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._cached_storage import _CachedStorage
from optuna.study._frozen import FrozenStudy as FrozenStudy
from optuna.trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from sqlalchemy import Table

AnyTrial = optuna.Trial | FrozenTrial


class Cached(_CachedStorage):
    """A database behind Optuna's cache, which need not have read a trial that is written to."""

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Writes; of a trial that the cache has not read it does not know the study."""
        known = trial_id in self._trial_id_to_study_id_and_number
        write = super().set_trial_param if known else self._backend.set_trial_param
        write(trial_id, param_name, param_value_internal, distribution)


def with_cache(database: RDBStorage) -> BaseStorage:
    """A database behind Optuna's cache."""
    return Cached(database)


class KnownTables(RDBStorage):
    """A database whose tables are known to be those of this Optuna, see `newest_tables`.

    Optuna asks Alembic for the version of the tables whenever it opens a database. Importing
    Alembic takes as long as all that a command that only reads has to do.

    Args:
        url: Where.
        options: What SQLAlchemy makes its engine with.
    """

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.orm import scoped_session, sessionmaker

        self.url = url
        self.engine_kwargs = options
        self.skip_compatibility_check = False
        self.heartbeat_interval = None
        self.grace_period = None
        self.heartbeat_stale_trial_callback = None
        self.failed_trial_callback = None
        self.engine = create_engine(url, **options)
        self.scoped_session = scoped_session(sessionmaker(bind=self.engine))
        self._version_manager: Any = None


@functools.cache
def newest_tables() -> str | None:
    """The version of the tables that this Optuna makes; None where its files do not say."""
    assert optuna.__file__ is not None
    folder = Path(optuna.__file__).parent / "storages" / "_rdb" / "alembic" / "versions"
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.py")]
    made, before = (
        {found[1] for text in texts if (found := re.search(rf'^{name} = "(.+)"$', text, re.M))}
        for name in ("revision", "down_revision")
    )
    newest = made - before
    return newest.pop() if len(newest) == 1 else None


def storage_of(study: optuna.Study) -> BaseStorage:
    """The storage that a study lives in."""
    return study._storage


class TrialTables(NamedTuple):
    """Tables of a database: trials, and all that is stored of one."""

    trials: Table
    params: Table
    user: Table
    system: Table
    reports: Table
    values: Table


def trial_tables() -> TrialTables:
    """The tables as Optuna makes them."""
    from optuna.storages._rdb import models

    kinds = (
        models.TrialModel,
        models.TrialParamModel,
        models.TrialUserAttributeModel,
        models.TrialSystemAttributeModel,
        models.TrialIntermediateValueModel,
        models.TrialValueModel,
    )
    return TrialTables(*(kind.__table__ for kind in kinds))


def stored_report(value: float) -> dict[str, Any]:
    """The columns that say a report's value: a database need not have infinity or NaN."""
    from optuna.storages._rdb.models import TrialIntermediateValueModel

    stored, kind = TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
    return {"intermediate_value": stored, "intermediate_value_type": kind}


def read_report(stored: float | None, kind: Any) -> float:
    """A report's value from its columns."""
    from optuna.storages._rdb.models import TrialIntermediateValueModel

    return TrialIntermediateValueModel.stored_repr_to_intermediate_value(stored, kind)


def read_value(stored: float | None, kind: Any) -> float:
    """One of a trial's values from its columns."""
    from optuna.storages._rdb.models import TrialValueModel

    return TrialValueModel.stored_repr_to_value(stored, kind)


def local_time(stored: datetime.datetime) -> datetime.datetime:
    """A time of this machine's zone, as trials have it, from one of a database."""
    return stored.replace(tzinfo=datetime.UTC).astimezone().replace(tzinfo=None)


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
