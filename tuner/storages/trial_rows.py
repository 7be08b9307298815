"""Trials read by a few statements for all of them, whether they wait, run or have ended.

Each worker reads what waits and runs whenever it takes a trial, and each trial once that has ended
(`tuner.storages.ended_trials`). Optuna makes an object of each row first, a millisecond a trial,
so that 64 workers would keep a core busy with reading about one another.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Connection, Engine, Table, bindparam, literal, select, union_all

from tuner.basics.optuna_private import local_time, read_report, read_value, trial_tables

AT_A_TIME = 500
"""Databases take only so many values in one statement."""


class TrialRows:
    """Reads trials with all that they have.

    Args:
        engine: Connects to the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        tables = trial_tables()
        trials = _of(tables.trials, "number", "state", "datetime_start", "datetime_complete")
        self._trials = trials.order_by(tables.trials.c.trial_id)
        params = _of(tables.params, "param_name", "param_value", "distribution_json")
        self._params = params.order_by(tables.params.c.param_id)
        self._attributes = union_all(
            *(
                _of(table, "key", "value_json", literal(kind))
                for kind, table in (("user", tables.user), ("system", tables.system))
            )
        )
        self._reports = _of(tables.reports, "step", "intermediate_value", "intermediate_value_type")
        values = _of(tables.values, "value", "value_type")
        self._values = values.order_by(tables.values.c.objective)

    def read(self, ids: Sequence[int]) -> list[FrozenTrial]:
        """Trials by their ids, as they are now; without those that are not there."""
        found: list[FrozenTrial] = []
        with self._engine.connect() as connection:
            for at in range(0, len(ids), AT_A_TIME):
                found += self._some(connection, ids[at : at + AT_A_TIME])
        return found

    def _some(self, connection: Connection, ids: Sequence[int]) -> list[FrozenTrial]:
        trials: dict[int, FrozenTrial] = {}
        for number, *row in connection.execute(self._trials, {"ids": few_lengths(ids)}):
            trials[number] = _bare(number, *row)
        if not trials:
            return []
        asked = {"ids": few_lengths(list(trials))}
        for number, name, stored, text in connection.execute(self._params, asked):
            distribution = _distribution(text)
            trials[number].params[name] = distribution.to_external_repr(stored)
            trials[number].distributions[name] = distribution
        for number, key, text, kind in connection.execute(self._attributes, asked):
            trial = trials[number]
            attributes = trial.user_attrs if kind == "user" else trial.system_attrs
            attributes[key] = json.loads(text)
        for number, step, stored, kind in connection.execute(self._reports, asked):
            trials[number].intermediate_values[step] = read_report(stored, kind)
        # Last: what has ended by the first statement has its values since then.
        ended = [number for number, trial in trials.items() if trial.state.is_finished()]
        if ended:
            self._add_values(connection, ended, trials)
        return list(trials.values())

    def _add_values(
        self, connection: Connection, ended: Sequence[int], trials: dict[int, FrozenTrial]
    ) -> None:
        values: dict[int, list[float]] = {}
        asked = {"ids": few_lengths(ended)}
        for number, stored, kind in connection.execute(self._values, asked):
            values.setdefault(number, []).append(read_value(stored, kind))
        for number, found in values.items():
            trials[number].values = found


def few_lengths(ids: Sequence[int]) -> list[int]:
    """The ids, the last of them repeated until they are a power of two.

    A statement for each number of trials would be another one for the server to plan each time.
    Of more than `AT_A_TIME` they are as they were: a statement takes only so many values.

    Args:
        ids: At least one.
    """
    if len(ids) > AT_A_TIME:
        return list(ids)
    whole = 1 << (len(ids) - 1).bit_length()
    return [*ids, *[ids[-1]] * (whole - len(ids))]


def _of(table: Table, *columns: Any) -> Any:
    """A statement that reads columns of several trials, whose ids come first."""
    chosen = [table.c[column] if isinstance(column, str) else column for column in columns]
    among = table.c.trial_id.in_(bindparam("ids", expanding=True))
    return select(table.c.trial_id, *chosen).where(among)


def _bare(
    trial_id: int, number: int, state: TrialState, started: Any, completed: Any
) -> FrozenTrial:
    """A trial without what other tables say of it."""
    return FrozenTrial(
        number=number,
        state=state,
        value=None,
        datetime_start=None if started is None else local_time(started),
        datetime_complete=None if completed is None else local_time(completed),
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
