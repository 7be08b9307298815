"""A storage whose failures are named as its own, and that waits for its server.

It stands before one of Optuna's. An error that comes out of it as a `StorageError` is the storage's
and nothing else's, so nobody has to guess by an error's kind. Where a connection is lost, a call is
made again: each can be repeated without losing or doubling anything (see the methods that write).
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable, Container, Sequence
from typing import Any, TypeVar

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import Engine

from tuner.basics.optuna_private import FrozenStudy, id_of, storage_of
from tuner.storages import pieces
from tuner.storages.ended_trials import EndedTrials, open_states
from tuner.storages.failures import (
    ConnectionLostError,
    cause,
    is_of_storage,
    storage_error,
)
from tuner.storages.moments import (
    INSERTS,
    Moments,
    Owner,
    TogetherInDatabase,
    Write,
    write_each,
)
from tuner.storages.patience import Patience
from tuner.storages.urls import Address

T = TypeVar("T")

REQUEST = "request"
"""System attribute of a trial: which call made it, so that the call can be made again."""


def away(address: Address, error: BaseException) -> str:
    """For what a call waits, one sentence without its point."""
    how = "away" if address.file is None else "busy"
    return f"the storage {address.shown!r} is {how}: {cause(address.url, error)}"


class PatientStorage(Moments):
    """One of Optuna's storages, with its failures named and waited for.

    Args:
        inner: Optuna's storage.
        address: Where it is.
        patience: How long to wait for it.
        engine: What connects to it, where it is a database.
    """

    def __init__(
        self,
        inner: BaseStorage,
        address: Address,
        patience: Patience,
        engine: Engine | None = None,
    ) -> None:
        super().__init__()
        self.inner = inner
        self.address = address
        self.patience = patience
        self._engine = engine
        self._ended = None if engine is None else EndedTrials(engine)
        self._at_once = (
            TogetherInDatabase(engine)
            if engine is not None and engine.dialect.name in INSERTS
            else None
        )
        self._short = address.dialect in ("mysql", "mariadb")
        """Whether long attributes are stored in pieces."""

    def _call(self, call: Callable[[int], T]) -> T:
        """Makes a call, again while its connection is lost; it is told how often it has failed.

        Raises:
            StorageError: The storage has failed.
        """
        failed, began = 0, 0.0
        while True:
            try:
                answer = call(failed)
            except ConnectionLostError as error:
                failed += 1
                began = began or time.monotonic()
                waited = time.monotonic() - began
                if not self.patience.wait(failed, waited, away(self.address, error)):
                    raise storage_error(self.address.url, error, waited) from error
            except Exception as error:
                if not is_of_storage(error):
                    raise
                raise storage_error(self.address.url, error) from error
            else:
                if failed:
                    self.patience.over()
                return answer

    def _joined(self, trial: FrozenTrial) -> FrozenTrial:
        if self._short:
            pieces.join(trial.user_attrs)
            pieces.join(trial.system_attrs)
        return trial

    def _joined_attributes(self, attributes: dict[str, Any]) -> dict[str, Any]:
        return pieces.join(attributes) if self._short else attributes

    def _write(
        self, write: Callable[[int, str, Any], None], number: int, key: str, value: Any
    ) -> None:
        parts = pieces.split(key, value) if self._short else {key: value}

        def write_all(_: int) -> None:
            for name, part in parts.items():
                write(number, name, part)

        self._call(write_all)

    # Studies

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """A second attempt may find the first one's study: a duplicate, as of another process."""
        return self._call(lambda _: self.inner.create_new_study(directions, study_name))

    def delete_study(self, study_id: int) -> None:
        """A second attempt may find nothing left to delete."""
        self._call(lambda _: self.inner.delete_study(study_id))
        if self._ended is not None:
            self._ended.forget(study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Writes an attribute; the same again is the same."""
        self._changed()
        self._write(self.inner.set_study_user_attr, study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Writes an attribute; the same again is the same."""
        self._write(self.inner.set_study_system_attr, study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Reads."""
        return self._call(lambda _: self.inner.get_study_id_from_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """Reads."""
        return self._call(lambda _: self.inner.get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Reads."""
        return self._call(lambda _: self.inner.get_study_directions(study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Reads."""
        return dict(self._once(("attributes", study_id), lambda: self._attributes(study_id)))

    def _attributes(self, study_id: int) -> dict[str, Any]:
        if (ended := self._ended) is not None:
            found = self._call(lambda _: ended.of_study(study_id))
            if found:
                return self._joined_attributes(found)
        # Without any it may be that there is no such study, which Optuna says.
        return self._joined_attributes(
            self._call(lambda _: self.inner.get_study_user_attrs(study_id))
        )

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Reads."""
        found = self._call(lambda _: self.inner.get_study_system_attrs(study_id))
        return self._joined_attributes(found)

    def get_all_studies(self) -> list[FrozenStudy]:
        """Reads."""
        studies = self._call(lambda _: self.inner.get_all_studies())
        for study in studies:
            self._joined_attributes(study.user_attrs)
            self._joined_attributes(study.system_attrs)
        return studies

    # Trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Each call has a name, by which a second attempt finds what the first one made."""
        if self.address.file is not None:  # no connection that could be lost
            return self._call(lambda _: self.inner.create_new_trial(study_id, template_trial))
        request = uuid.uuid4().hex
        template = copy.deepcopy(template_trial) or create_trial(state=TrialState.RUNNING)
        template.system_attrs = {**template.system_attrs, REQUEST: request}
        if self._short:
            template.user_attrs = pieces.split_all(template.user_attrs)
            template.system_attrs = pieces.split_all(template.system_attrs)

        def create(failed: int) -> int:
            made = self._made(study_id, request) if failed else None
            return self.inner.create_new_trial(study_id, template) if made is None else made

        return self._call(create)

    def _made(self, study_id: int, request: str) -> int | None:
        trials = self.inner.get_all_trials(study_id, deepcopy=False)
        return next((id_of(t) for t in trials if t.system_attrs.get(REQUEST) == request), None)

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Writes a value; Optuna passes over one that is there already."""
        self._call(
            lambda _: self.inner.set_trial_param(
                trial_id, param_name, param_value_internal, distribution
            )
        )

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Changes the state; a trial that a first attempt has ended so has been ended so.

        Of a queued trial that a first attempt has taken nobody knows whose it is: it counts as
        another's and is queued again, as any whose worker died before it said so.
        """

        def change(failed: int) -> bool:
            try:
                return self.inner.set_trial_state_values(trial_id, state, values)
            except UpdateFinishedTrialError:
                if failed and self._is_so(trial_id, state, values):
                    return True
                raise

        return self._call(change)

    def _is_so(self, trial_id: int, state: TrialState, values: Sequence[float] | None) -> bool:
        found = self.inner.get_trial(trial_id)
        return found.state == state and (values is None or found.values == list(values))

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Writes a value; the same again is the same."""
        if self._holds(trial_id, "report", step, intermediate_value):
            return
        self._call(
            lambda _: self.inner.set_trial_intermediate_value(trial_id, step, intermediate_value)
        )

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Writes an attribute; the same again is the same."""
        if not self._holds(trial_id, "user", key, value):
            self._write(self.inner.set_trial_user_attr, trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Writes an attribute; the same again is the same."""
        if not self._holds(trial_id, "system", key, value):
            self._write(self.inner.set_trial_system_attr, trial_id, key, value)

    def write_together(
        self, trial_id: int, writes: Sequence[Write], owner: Owner | None = None
    ) -> bool:
        """One transaction where the storage is a database; the same again is the same."""
        if (at_once := self._at_once) is None:
            return self._call(lambda _: write_each(self.inner, trial_id, writes, owner))
        parts = [part for write in writes for part in self._parts(write)]
        return self._call(lambda _: at_once.write(trial_id, parts, owner))

    def _parts(self, write: Write) -> list[Write]:
        if not self._short or write.kind == "report":
            return [write]
        return [
            Write(write.kind, key, part)
            for key, part in pieces.split(str(write.key), write.value).items()
        ]

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Reads."""
        return self._call(
            lambda _: self.inner.get_trial_id_from_study_id_trial_number(study_id, trial_number)
        )

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Reads."""
        if self._ended is not None:
            if (ended := self._ended.find(trial_id)) is not None:
                return self._joined(ended)
            read = self._ended.rows.read
            if found := self._call(lambda _: read([trial_id])):
                return self._joined(found[0])
        return self._joined(self._call(lambda _: self.inner.get_trial(trial_id)))

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Reads."""
        if self._ended is None:
            return self._call(lambda _: self.inner.get_all_trials(study_id, deepcopy, states))
        if still := open_states(states):
            trials = self._all_trials(study_id, still)
        else:
            trials = self._once(("ended", study_id), lambda: self._ended_trials(study_id))
        chosen = [t for t in trials if states is None or t.state in states]
        return copy.deepcopy(chosen) if deepcopy else chosen

    def _ended_trials(self, study_id: int) -> list[FrozenTrial]:
        assert self._ended is not None
        read = self._ended.read
        return [self._joined(t) for t in self._call(lambda _: read(study_id))]

    def _all_trials(self, study_id: int, states: Sequence[TrialState]) -> list[FrozenTrial]:
        """Those that have ended, and of all others those in these states."""
        assert self._ended is not None
        split, read = self._ended.split, self._ended.rows.read
        ended, others = self._call(lambda _: split(study_id))
        ids = [number for number, state in others.items() if state in states]
        still = self._call(lambda _: read(ids)) if ids else []
        if len(still) < len(ids) or not (ended or others):  # no such study, perhaps: Optuna says so
            self._ended.forget(study_id)
            return self._call(lambda _: self.inner.get_all_trials(study_id))
        return sorted([self._joined(t) for t in [*ended, *still]], key=lambda t: t.number)

    @property
    def counts_ended(self) -> bool:
        """Whether it knows in which order trials have ended: where it is a database."""
        return self._ended is not None

    def ended_since(self, study_id: int, count: int) -> list[FrozenTrial]:
        """Reads what has ended since so many were known, in the order in which that was seen."""
        ended = self._ended
        assert ended is not None, "only where it counts them"
        return [self._joined(t) for t in self._call(lambda _: ended.since(study_id, count))]

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Reads.

        Raises:
            RuntimeError: The study has several objectives.
        """
        if len(self.get_study_directions(study_id)) > 1:
            raise RuntimeError("of several objectives no trial is the best.")
        return self._joined(self._call(lambda _: self.inner.get_best_trial(study_id)))

    def close(self) -> None:
        """Gives all connections back."""
        self.inner.remove_session()
        if self._engine is not None:
            self._engine.dispose()

    def remove_session(self) -> None:
        """Gives this thread's connection back."""
        self.inner.remove_session()


def patience_of(study: optuna.Study) -> Patience:
    """How long calls to a study's storage wait; for a storage of another kind, for nothing."""
    storage = storage_of(study)
    return storage.patience if isinstance(storage, PatientStorage) else Patience()
