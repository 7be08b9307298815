"""What belongs to one moment of a training: written at once, and judged by what is read once.

After each epoch a worker stores a few attributes and a report, and then asks several times which
trials have ended and what is noted of the study. Each was a transaction of its own, or a call to
another machine. `Moments.together` makes the writes in one, `Moments.steady` reads once.
"""

from __future__ import annotations

import contextlib
import json
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from sqlalchemy import Engine, Table, bindparam, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from tuner.basics.optuna_private import TrialTables, stored_report, trial_tables

T = TypeVar("T")
Kind = Literal["user", "system", "report"]

INSERTS: Mapping[str, Any] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
    "mysql": mysql.insert,
    "mariadb": mysql.insert,
}
"""By dialect: statements that write over what is there."""


class Write(NamedTuple):
    """A user or system attribute of a trial by its name, or a report by its step."""

    kind: Kind
    key: str | int
    value: Any


class Owner(NamedTuple):
    """The process that has to be a trial's worker still, for anything to be written."""

    attribute: str
    host: str
    pid: int

    def has(self, worker: Mapping[str, Any] | None) -> bool:
        """Whether this is what the trial's attribute says."""
        found = worker or {}
        return (found.get("host"), found.get("pid")) == (self.host, self.pid)


class TakenOverError(Exception):
    """Another worker trains this trial, having taken this one's for dead."""


class _Held(threading.local):
    """What a thread has held back, or read."""

    trial: int | None = None
    writes: dict[tuple[Kind, str | int], Any]
    seen: dict[Any, Any] | None = None


class Moments(BaseStorage):
    """A storage that makes writes together, and reads once what may stand for a while."""

    def __init__(self) -> None:
        self._held = _Held()

    @abstractmethod
    def write_together(
        self, trial_id: int, writes: Sequence[Write], owner: Owner | None = None
    ) -> bool:
        """Makes several writes to a trial, all or none.

        Returns:
            False where the trial has another owner, and nothing was written.

        Raises:
            KeyError: There is no such trial.
            optuna.exceptions.UpdateFinishedTrialError: The trial has ended.
        """

    @contextlib.contextmanager
    def together(self, trial_id: int, owner: Owner | None = None) -> Iterator[None]:
        """Holds this thread's attributes and reports of a trial back, to be written at the end.

        They are not among what is read before. Of what is written twice the latter stays. An error
        within leaves all of it unwritten.

        Raises:
            TakenOverError: The trial has another owner.
            KeyError: There is no such trial.
            optuna.exceptions.UpdateFinishedTrialError: The trial has ended.
        """
        held = self._held
        if held.trial is not None:
            raise RuntimeError("writes are held back already.")
        try:
            held.trial, held.writes = trial_id, {}
            yield
            writes = [Write(kind, key, value) for (kind, key), value in held.writes.items()]
        finally:
            held.trial = None
        if not self.write_together(trial_id, writes, owner):
            raise TakenOverError

    def _holds(self, trial_id: int, kind: Kind, key: str | int, value: Any) -> bool:
        """Holds a write back; false where it is to be made at once."""
        if self._held.trial != trial_id:
            return False
        self._held.writes.pop((kind, key), None)
        self._held.writes[kind, key] = value
        return True

    @contextlib.contextmanager
    def steady(self) -> Iterator[None]:
        """Within it, this thread may find a study's attributes as they were at its first look.

        So it may what has ended, where only that is asked for. Where trials that run or wait are
        asked for as well, all are read anew.
        """
        before, self._held.seen = self._held.seen, {}
        try:
            yield
        finally:
            self._held.seen = before

    def _is_steady(self) -> bool:
        return self._held.seen is not None

    def _once(self, what: Any, read: Callable[[], T]) -> T:
        """Reads something, or takes what this moment has read of it."""
        seen = self._held.seen
        if seen is None:
            return read()
        if what not in seen:
            seen[what] = read()
        found: T = seen[what]
        return found

    def _changed(self) -> None:
        """What this thread has read of a study is not so any more: it has written to it."""
        if self._held.seen:
            self._held.seen.clear()


def write_each(
    storage: BaseStorage, trial_id: int, writes: Sequence[Write], owner: Owner | None
) -> bool:
    """Makes the writes one by one, on a storage that has nothing better.

    Returns:
        False where the trial has another owner, and nothing was written.
    """
    if owner is not None and not owner.has(
        storage.get_trial(trial_id).user_attrs.get(owner.attribute)
    ):
        return False
    for kind, key, value in writes:
        if kind == "report":
            storage.set_trial_intermediate_value(trial_id, int(key), value)
        elif kind == "user":
            storage.set_trial_user_attr(trial_id, str(key), value)
        else:
            storage.set_trial_system_attr(trial_id, str(key), value)
    return True


class TogetherInDatabase:
    """Writes to a trial as one transaction on a database.

    Args:
        engine: Connects to the database; its dialect is one of `INSERTS`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        tables = trial_tables()
        # Said once: SQLAlchemy takes a statement that it knows for the same by who it is.
        self._standing = _standing(tables)
        self._attributes = {
            "user": self._over(tables.user, "key", ["value_json"]),
            "system": self._over(tables.system, "key", ["value_json"]),
        }
        self._report = self._over(
            tables.reports, "step", ["intermediate_value", "intermediate_value_type"]
        )

    def _over(self, table: Table, key: str, columns: list[str]) -> Any:
        """A statement that writes a row over the one with the same trial and key."""
        insert = INSERTS[self._engine.dialect.name](table)
        insert = insert.values({name: bindparam(name) for name in ("trial_id", key, *columns)})
        if hasattr(insert, "on_duplicate_key_update"):
            return insert.on_duplicate_key_update({c: insert.inserted[c] for c in columns})
        return insert.on_conflict_do_update(
            index_elements=["trial_id", key], set_={c: insert.excluded[c] for c in columns}
        )

    def write(self, trial_id: int, writes: Sequence[Write], owner: Owner | None) -> bool:
        """As `Moments.write_together` has it."""
        asked = {"trial": trial_id, "owner": owner.attribute if owner else ""}
        with self._engine.begin() as connection:
            found = connection.execute(self._standing, asked).one_or_none()
            if found is None:
                raise KeyError(f"there is no trial with the id {trial_id}.")
            state, worker = found
            if owner is not None and not owner.has(None if worker is None else json.loads(worker)):
                return False
            if state.is_finished():
                # Optuna's own check would read the trial by another connection, and wait for this.
                raise UpdateFinishedTrialError(f"the trial with the id {trial_id} has ended.")
            for kind, statement in self._attributes.items():
                rows = [
                    {"trial_id": trial_id, "key": w.key, "value_json": json.dumps(w.value)}
                    for w in writes
                    if w.kind == kind
                ]
                if rows:
                    connection.execute(statement, rows)
            if reports := [
                {"trial_id": trial_id, "step": w.key, **stored_report(w.value)}
                for w in writes
                if w.kind == "report"
            ]:
                connection.execute(self._report, reports)
        return True


def _standing(tables: TrialTables) -> Any:
    """A trial's state, and whose it is; no other process ends it before this one has written."""
    trials, user = tables.trials, tables.user
    owner = (
        select(user.c.value_json)
        .where(user.c.trial_id == trials.c.trial_id, user.c.key == bindparam("owner"))
        .scalar_subquery()
    )
    chosen = select(trials.c.state, owner).where(trials.c.trial_id == bindparam("trial"))
    return chosen.with_for_update()
