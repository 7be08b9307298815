"""Trials that wait or run, read by a few statements for all of them.

Each worker asks for all trials whenever it takes one. What has ended it knows
(`tuner.storages.ended_trials`); what runs has changed. Optuna makes an object of each row first,
a millisecond a trial, so that 64 workers would keep a core busy with reading about one another.
"""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, Engine, bindparam, select

from tuner.basics.optuna_private import local_time, read_report, trial_tables, trials_by_id
from tuner.storages.ended_trials import AT_A_TIME


class OpenTrials:
    """Reads trials that wait or run, with all that such a trial has.

    Args:
        engine: Connects to the database.
        inner: Optuna's storage upon it.
    """

    def __init__(self, engine: Engine, inner: BaseStorage) -> None:
        self._engine, self._inner = engine, inner
        tables = trial_tables()
        self._trials = self._of(tables.trials, "number", "state", "datetime_start", "study_id")
        params = self._of(tables.params, "param_name", "param_value", "distribution_json")
        self._params = params.order_by(tables.params.c.param_id)
        self._attributes = [
            self._of(table, "key", "value_json") for table in (tables.user, tables.system)
        ]
        self._reports = self._of(
            tables.reports, "step", "intermediate_value", "intermediate_value_type"
        )

    def _of(self, table: Any, *columns: str) -> Any:
        """A statement that reads columns of several trials, whose ids come first."""
        chosen = [table.c.trial_id, *(table.c[name] for name in columns)]
        return select(*chosen).where(table.c.trial_id.in_(bindparam("ids", expanding=True)))

    def read(self, ids: Sequence[int]) -> list[FrozenTrial]:
        """Trials by their ids, as they are now; without those that are not there.

        One that has ended since is read as Optuna does.
        """
        found: list[FrozenTrial] = []
        ended: dict[int, list[int]] = defaultdict(list)
        with self._engine.connect() as connection:
            for at in range(0, len(ids), AT_A_TIME):
                found += self._some(connection, ids[at : at + AT_A_TIME], ended)
        for study_id, numbers in ended.items():
            found += trials_by_id(self._inner, study_id, numbers)
        return found

    def _some(
        self, connection: Connection, ids: Sequence[int], ended: dict[int, list[int]]
    ) -> list[FrozenTrial]:
        asked = {"ids": list(ids)}
        trials: dict[int, FrozenTrial] = {}
        for number, place, state, started, study_id in connection.execute(self._trials, asked):
            if state.is_finished():
                ended[study_id].append(number)
            else:
                trials[number] = _empty(number, place, state, started)
        if not trials:
            return []
        asked = {"ids": list(trials)}
        for number, name, stored, text in connection.execute(self._params, asked):
            distribution = _distribution(text)
            trials[number].params[name] = distribution.to_external_repr(stored)
            trials[number].distributions[name] = distribution
        user, system = self._attributes
        for number, key, text in connection.execute(user, asked):
            trials[number].user_attrs[key] = json.loads(text)
        for number, key, text in connection.execute(system, asked):
            trials[number].system_attrs[key] = json.loads(text)
        for number, step, stored, kind in connection.execute(self._reports, asked):
            trials[number].intermediate_values[step] = read_report(stored, kind)
        return list(trials.values())


def _empty(trial_id: int, number: int, state: TrialState, started: Any) -> FrozenTrial:
    return FrozenTrial(
        number=number,
        state=state,
        value=None,
        datetime_start=None if started is None else local_time(started),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=trial_id,
    )


@functools.lru_cache(1024)
def _distribution(text: str) -> BaseDistribution:
    """A distribution as it is stored; many trials have the same."""
    return json_to_distribution(text)
