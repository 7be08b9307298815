"""Trials that have ended, read once each; what still runs is not read for them at all.

Each epoch of each worker asks for them, for the incumbent and for the pruner. Optuna's cache reads
all that is stored of every running trial to find out which of them have ended: with many workers
that grows with the square of their number. Here a single small query finds that out.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Container

from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Engine, bindparam, column, select, table, text

from tuner.basics.optuna_private import id_of, trials_by_id

ENDED = frozenset(state.name for state in TrialState if state.is_finished())
AT_A_TIME = 500
"""Databases take only so many values in one statement."""
_SINCE = "SELECT trial_id, state FROM trials WHERE study_id = :study AND "
FIRST = text(f"{_SINCE} trial_id > :last")
AGAIN = text(f"{_SINCE} (trial_id > :last OR trial_id IN :open)").bindparams(
    bindparam("open", expanding=True)
)
_OF_STUDY = table("study_user_attributes", column("study_id"), column("key"), column("value_json"))
OF_STUDY = select(_OF_STUDY.c.key, _OF_STUDY.c.value_json).where(
    _OF_STUDY.c.study_id == bindparam("study")
)


class EndedTrials:
    """The ended trials of the studies of one database, as one process knows them.

    Args:
        engine: Connects to the database.
        inner: Optuna's storage upon it.
    """

    def __init__(self, engine: Engine, inner: BaseStorage) -> None:
        self._engine, self._inner = engine, inner
        self._known: dict[int, dict[int, FrozenTrial]] = {}
        self._sorted: dict[int, list[FrozenTrial]] = {}
        self._open: dict[int, set[int]] = {}
        self._last: dict[int, int] = {}
        """The highest id of an ended trial: one with a lower may still be in the making."""
        self._lock = threading.Lock()

    def read(self, study_id: int) -> list[FrozenTrial]:
        """The study's trials that have ended, by their numbers."""
        return self.split(study_id)[0]

    def split(self, study_id: int) -> tuple[list[FrozenTrial], list[int]]:
        """The study's trials that have ended, by their numbers, and the ids of all others."""
        with self._lock:
            known = self._updated(study_id)
            ordered = self._sorted.get(study_id, [])
            if len(ordered) != len(known):
                ordered = sorted(known.values(), key=lambda t: t.number)
                self._sorted[study_id] = ordered
            return ordered, sorted(self._open[study_id])

    def since(self, study_id: int, count: int) -> list[FrozenTrial]:
        """What has ended since so many were known, in the order in which that was seen."""
        with self._lock:
            known = self._updated(study_id)
            return list(itertools.islice(known.values(), count, None))

    def _updated(self, study_id: int) -> dict[int, FrozenTrial]:
        """The ended trials by their ids, in the order in which they were seen to have ended."""
        known = self._known.setdefault(study_id, {})
        still = self._open.setdefault(study_id, set())
        last = self._last.get(study_id, -1)
        asked = {"study": study_id, "last": last, "open": sorted(still)}
        with self._engine.connect() as connection:
            query = AGAIN if still else FIRST
            rows = connection.execute(query, asked if still else _without_open(asked)).all()
        new = [number for number, state in rows if state in ENDED]
        still.difference_update(new)
        still.update(number for number, state in rows if state not in ENDED)
        for at in range(0, len(new), AT_A_TIME):
            for trial in trials_by_id(self._inner, study_id, new[at : at + AT_A_TIME]):
                known[id_of(trial)] = trial
        self._last[study_id] = max([last, *new])
        return known

    def forget(self, study_id: int) -> None:
        """Of a study that is deleted."""
        with self._lock:
            self._known.pop(study_id, None)
            self._sorted.pop(study_id, None)
            self._last.pop(study_id, None)
            self._open.pop(study_id, None)

    def of_study(self, study_id: int) -> dict[str, str]:
        """A study's attributes as they are stored, in JSON; none where there is no such study."""
        with self._engine.connect() as connection:
            rows = connection.execute(OF_STUDY, {"study": study_id}).all()
        return {row.key: row.value_json for row in rows}


def only_ended(states: Container[TrialState] | None) -> bool:
    """Whether these are states of ended trials alone."""
    return states is not None and not any(
        state in states for state in (TrialState.RUNNING, TrialState.WAITING)
    )


def _without_open(asked: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in asked.items() if key != "open"}
