"""Which studies a storage has, and the one that a user means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.storages import BaseStorage

from tuner.basics.addresses import local_path
from tuner.basics.environment import RESULTS
from tuner.basics.optuna_private import age_of
from tuner.basics.suggestions import suggestion
from tuner.errors import UsageError
from tuner.records.keys import StudyKey
from tuner.records.studies import StudyRecord

if TYPE_CHECKING:
    import optuna


def load_study(
    name: str, *, storage: str | None = None, results: str | Path = RESULTS
) -> optuna.Study:
    """Loads a study that has results.

    Args:
        name: Its name; what follows an ``@`` may be left out where that is unambiguous.
        storage: URL of the storage; default: the SQLite file in `results`.
        results: The results folder.

    Raises:
        UsageError: There is no such study.
        StorageError: The storage cannot be reached.
    """
    from tuner.storages.opening import chosen_url, open_storage

    url = chosen_url(storage, local_path(results, "results"))
    return find_study(name, open_storage(url, create=False))


def study_names(storage: BaseStorage) -> list[str]:
    """Names of the studies in a storage that this tool made, in the order of their making.

    Those that hold nothing but another study's certificate trainings are left out.
    """
    made = [
        s
        for s in storage.get_all_studies()
        if StudyKey.SCHEMA in s.user_attrs and StudyKey.CERTIFIES not in s.user_attrs
    ]
    return [s.study_name for s in sorted(made, key=age_of)]


def every_record(storage: BaseStorage) -> list[StudyRecord]:
    """Every study of a storage that this tool made, those of proofs among them, by age."""
    made = [s for s in storage.get_all_studies() if StudyKey.SCHEMA in s.user_attrs]
    names = [s.study_name for s in sorted(made, key=age_of)]
    return [StudyRecord.of(optuna.load_study(study_name=n, storage=storage)) for n in names]


def find_study(name: str, storage: BaseStorage) -> optuna.Study:
    """Loads the study called `name`, or the only one with that name before an ``@``.

    Raises:
        UsageError: There is none, or several.
    """
    names = study_names(storage)
    matches = [name] if name in names else [n for n in names if n.partition("@")[0] == name]
    if len(matches) == 1:
        return optuna.load_study(study_name=matches[0], storage=storage)
    if matches:
        raise UsageError(f"{name!r} has several studies: {', '.join(matches)}; name one in full.")
    if not names:
        raise UsageError(f"no study called {name!r} has results: the storage is empty.")
    raise UsageError(
        f"no study called {name!r} has results{suggestion(name, names) or '.'} "
        f"There are: {', '.join(names)}."
    )
