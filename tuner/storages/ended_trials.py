"""Trials that have ended, read once each; what still runs is not read for them at all.

Each epoch of each worker asks for them, for the incumbent and for the pruner. Optuna's cache reads
all that is stored of every running trial to find out which of them have ended: with many workers
that grows with the square of their number. Here a single small query finds that out.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Container
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Engine, bindparam, column, select, table, text

from tuner.basics.optuna_private import id_of
from tuner.storages.trial_rows import TrialRows, few_lengths

ENDED = frozenset(state.name for state in TrialState if state.is_finished())
_SINCE = "SELECT trial_id, state FROM trials WHERE study_id = :study AND "
FIRST = text(f"{_SINCE} trial_id >= :last")
AGAIN = text(f"{_SINCE} (trial_id >= :last OR trial_id IN :open)").bindparams(
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

    Attributes:
        rows: Reads any of its trials.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.rows = TrialRows(engine)
        self._known: dict[int, dict[int, FrozenTrial]] = {}
        self._sorted: dict[int, list[FrozenTrial]] = {}
        self._open: dict[int, dict[int, TrialState]] = {}
        self._last: dict[int, int] = {}
        """The highest id of an ended trial: one with a lower may still be in the making."""
        self._lock = threading.Lock()

    def read(self, study_id: int) -> list[FrozenTrial]:
        """The study's trials that have ended, by their numbers."""
        return self.split(study_id)[0]

    def split(self, study_id: int) -> tuple[list[FrozenTrial], dict[int, TrialState]]:
        """The study's trials that have ended, by their numbers, and all others' states by id."""
        with self._lock:
            known = self._updated(study_id)
            ordered = self._sorted.get(study_id, [])
            if len(ordered) != len(known):
                ordered = sorted(known.values(), key=lambda t: t.number)
                self._sorted[study_id] = ordered
            return ordered, dict(sorted(self._open[study_id].items()))

    def since(self, study_id: int, count: int) -> list[FrozenTrial]:
        """What has ended since so many were known, in the order in which that was seen."""
        with self._lock:
            known = self._updated(study_id)
            return list(itertools.islice(known.values(), count, None))

    def find(self, trial_id: int) -> FrozenTrial | None:
        """A trial that is known to have ended, by its id."""
        with self._lock:
            found = (known.get(trial_id) for known in self._known.values())
            return next((trial for trial in found if trial is not None), None)

    def _updated(self, study_id: int) -> dict[int, FrozenTrial]:
        """The ended trials by their ids, in the order in which they were seen to have ended."""
        known = self._known.get(study_id, {})
        still = set(self._open.get(study_id, ()))
        last = self._last.get(study_id, -1)
        states = self._states(study_id, still, last)
        if known and last not in states:  # the study was deleted; another may have its id
            self._forget(study_id)
            known, still, last, states = {}, set(), -1, self._states(study_id, set(), -1)
        new = [number for number, state in states.items() if state in ENDED and number not in known]
        read = {id_of(trial): trial for trial in self.rows.read(new)} if new else {}
        # Only now, for a connection may have been lost while they were read.
        known.update(read)
        self._known[study_id] = known
        self._open[study_id] = {
            number: TrialState[state] for number, state in states.items() if state not in ENDED
        }
        self._last[study_id] = max([last, *read])
        return known

    def _states(self, study_id: int, still: set[int], last: int) -> dict[int, str]:
        """By id the states of what was open, of the last that has ended, and of what came after."""
        asked: dict[str, Any] = {"study": study_id, "last": last}
        with self._engine.connect() as connection:
            if still:
                rows = connection.execute(
                    AGAIN, {**asked, "open": few_lengths(sorted(still))}
                ).all()
            else:
                rows = connection.execute(FIRST, asked).all()
        return {number: state for number, state in rows}  # noqa: C416 - rows are no pairs to mypy

    def forget(self, study_id: int) -> None:
        """Of a study that is deleted."""
        with self._lock:
            self._forget(study_id)

    def _forget(self, study_id: int) -> None:
        for kept in (self._known, self._sorted, self._last, self._open):
            kept.pop(study_id, None)

    def of_study(self, study_id: int) -> dict[str, Any]:
        """A study's attributes; none where there is no such study."""
        with self._engine.connect() as connection:
            rows = connection.execute(OF_STUDY, {"study": study_id}).all()
        return {row.key: json.loads(row.value_json) for row in rows}


def open_states(states: Container[TrialState] | None) -> tuple[TrialState, ...]:
    """Those of the states in which a trial has not ended; all such where none are named."""
    open_ = (TrialState.RUNNING, TrialState.WAITING)
    return tuple(state for state in open_ if states is None or state in states)
