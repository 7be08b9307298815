"""A storage whose calls another process makes: workers without a way to the file that it is in.

`Forwarder` stands where the storage is, `ForwardedStorage` where the worker is; between them goes
whatever brings a call there and an answer back. Trials that have ended are brought once: what a
worker asks for again and again are those that still change.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import threading
import uuid
from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.optuna_private import FrozenStudy, id_of
from tuner.storages.ended_trials import open_states
from tuner.storages.moments import Moments, Owner, Write, write_each
from tuner.storages.patient import PatientStorage

CALLS = frozenset(
    {"create_new_study", "delete_study", "set_study_user_attr", "set_study_system_attr"}
    | {"get_study_id_from_name", "get_study_name_from_id", "get_study_directions"}
    | {"get_study_user_attrs", "get_study_system_attrs", "get_all_studies", "create_new_trial"}
    | {"set_trial_param", "set_trial_state_values", "set_trial_intermediate_value"}
    | {"set_trial_user_attr", "set_trial_system_attr", "get_trial", "get_best_trial"}
    | {"get_trial_id_from_study_id_trial_number"}
)
"""What may be asked for by its name; anything else is refused."""
TRIALS = "trials"
"""The call that brings the trials of a study that its reader does not know to have ended."""
LOOK = "look"
"""The call that brings a study's attributes, and the trials that have ended since."""
TOGETHER = "write_together"
"""The call that makes several writes to a trial."""


class Call(NamedTuple):
    """A call of one of a storage's methods."""

    name: str
    given: tuple[Any, ...]


class Answer(NamedTuple):
    """What came of a call: its value, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


class Since(NamedTuple):
    """Trials of a study that a reader does not have yet.

    Attributes:
        log: In which they are counted; another one is to be read from its beginning.
        ended: Those that have ended, in the order in which that was seen.
        open: All others; none where only ended ones were asked for.
    """

    log: str
    ended: list[FrozenTrial]
    open: list[FrozenTrial]


class _EndedLog:
    """The ended trials of one study in the order in which they were seen to have ended."""

    def __init__(self) -> None:
        self._trials: dict[int, FrozenTrial] = {}
        self._lock = threading.Lock()

    def since(self, count: int, seen: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        """Those after the first so many, with what is seen to have ended now."""
        with self._lock:
            for trial in seen:
                if trial.state.is_finished():
                    self._trials.setdefault(id_of(trial), trial)
            return list(itertools.islice(self._trials.values(), count, None))


class Forwarder:
    """Makes the calls of others.

    Args:
        storage: On which.
    """

    def __init__(self, storage: BaseStorage) -> None:
        self._storage = storage
        self._name = uuid.uuid4().hex
        self._logs: dict[int, _EndedLog] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_storage": self._storage}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_storage"])  # type: ignore[misc]

    def answer(self, parcel: bytes) -> bytes:
        """Makes a call and says what came of it, whatever that is.

        Args:
            parcel: As `ForwardedStorage` packed it.
        """
        call = pickle.loads(parcel)
        try:
            return pickle.dumps(Answer(self._made(Call(*call))))
        except Exception as error:
            error.__cause__ = error.__context__ = None
            try:
                return pickle.dumps(Answer(error=error))
            except Exception:  # a driver's error may hold a connection
                return pickle.dumps(Answer(error=RuntimeError(str(error))))

    def _made(self, call: Call) -> Any:
        if call.name == TRIALS:
            return self._since(*call.given)
        if call.name == LOOK:
            study_id, log, count = call.given
            attributes = self._storage.get_study_user_attrs(study_id)
            return attributes, self._since(study_id, log, count, ())
        if call.name == TOGETHER:
            if isinstance(self._storage, Moments):
                return self._storage.write_together(*call.given)
            return write_each(self._storage, *call.given)
        if call.name not in CALLS:
            raise ValueError(f"a storage has no call {call.name!r}.")
        return getattr(self._storage, call.name)(*call.given)

    def _since(self, study_id: int, log: str, count: int, still: tuple[TrialState, ...]) -> Since:
        """What has ended since so many were known, and what is in one of the other states."""
        storage, count = self._storage, count if log == self._name else 0
        counts = storage if isinstance(storage, PatientStorage) and storage.counts_ended else None
        if counts is None:
            trials = storage.get_all_trials(study_id, deepcopy=False)
            ended = self._logs.setdefault(study_id, _EndedLog()).since(count, trials)
        else:
            # Trials first: one that ends in between is among those that have ended.
            trials = storage.get_all_trials(study_id, False, still) if still else []
            ended = counts.ended_since(study_id, count)
        return Since(self._name, ended, [t for t in trials if t.state in still])


class _Known:
    """The trials of one study, as far as they were brought."""

    def __init__(self) -> None:
        self.log = ""
        self.ended: dict[int, FrozenTrial] = {}
        self.ordered: list[FrozenTrial] = []

    def take(self, found: Since) -> list[FrozenTrial]:
        """All trials that are known with these, by their numbers."""
        if found.log != self.log:
            self.log, self.ended, self.ordered = found.log, {}, []
        if found.ended:
            self.ended |= {id_of(trial): trial for trial in found.ended}
            self.ordered = sorted(self.ended.values(), key=lambda t: t.number)
        # One that was seen running may have been seen to end by another reader's call since.
        still = [t for t in found.open if id_of(t) not in self.ended]
        return sorted([*self.ordered, *still], key=lambda t: t.number) if still else self.ordered


class ForwardedStorage(Moments):
    """A storage in another process.

    Args:
        bring: Brings a packed call to a `Forwarder`, and its answer back.
    """

    def __init__(self, bring: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._bring = bring
        self._studies: dict[int, _Known] = {}
        self._ended: dict[int, FrozenTrial] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"_bring": self._bring}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_bring"])  # type: ignore[misc]

    def _call(self, name: str, *given: Any) -> Any:
        value, error = pickle.loads(self._bring(pickle.dumps(tuple(Call(name, given)))))
        if error is not None:
            raise error
        return value

    # Studies

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """Makes it."""
        return int(self._call("create_new_study", tuple(directions), study_name))

    def delete_study(self, study_id: int) -> None:
        """Deletes it."""
        self._call("delete_study", study_id)
        with self._lock:
            self._studies.pop(study_id, None)
            self._ended.clear()

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Writes."""
        self._changed()
        self._call("set_study_user_attr", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Writes."""
        self._call("set_study_system_attr", study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Reads."""
        return int(self._call("get_study_id_from_name", study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """Reads."""
        return str(self._call("get_study_name_from_id", study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Reads."""
        return list(self._call("get_study_directions", study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Reads."""
        if self._is_steady():
            return dict(self._look(study_id)[0])
        return dict(self._call("get_study_user_attrs", study_id))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Reads."""
        return dict(self._call("get_study_system_attrs", study_id))

    def get_all_studies(self) -> list[FrozenStudy]:
        """Reads."""
        return list(self._call("get_all_studies"))

    # Trials

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Makes it."""
        return int(self._call("create_new_trial", study_id, template_trial))

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Writes."""
        self._call("set_trial_param", trial_id, param_name, param_value_internal, distribution)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Writes."""
        given = None if values is None else list(values)
        return bool(self._call("set_trial_state_values", trial_id, state, given))

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Writes."""
        if not self._holds(trial_id, "report", step, intermediate_value):
            self._call("set_trial_intermediate_value", trial_id, step, intermediate_value)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Writes."""
        if not self._holds(trial_id, "user", key, value):
            self._call("set_trial_user_attr", trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Writes."""
        if not self._holds(trial_id, "system", key, value):
            self._call("set_trial_system_attr", trial_id, key, value)

    def write_together(
        self, trial_id: int, writes: Sequence[Write], owner: Owner | None = None
    ) -> bool:
        """One call, and there one transaction where the storage is a database."""
        return bool(self._call(TOGETHER, trial_id, list(writes), owner))

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Reads."""
        return int(self._call("get_trial_id_from_study_id_trial_number", study_id, trial_number))

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Reads; one that has ended only once."""
        with self._lock:
            found = self._ended.get(trial_id)
        if found is None:
            found = self._call("get_trial", trial_id)
            assert isinstance(found, FrozenTrial)
            if found.state.is_finished():
                with self._lock:
                    self._ended[trial_id] = found
        return copy.deepcopy(found)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Reads what may have changed."""
        still = open_states(states)
        if not still and self._is_steady():
            trials = self._look(study_id)[1]
        else:
            with self._lock:
                known = self._studies.setdefault(study_id, _Known())
                given = (study_id, known.log, len(known.ended), still)
                trials = known.take(self._call(TRIALS, *given))
        chosen = [t for t in trials if states is None or t.state in states]
        return copy.deepcopy(chosen) if deepcopy else chosen

    def _look(self, study_id: int) -> tuple[dict[str, Any], list[FrozenTrial]]:
        """A study's attributes and its ended trials, brought together and once in a moment."""

        def read() -> tuple[dict[str, Any], list[FrozenTrial]]:
            with self._lock:
                known = self._studies.setdefault(study_id, _Known())
                attributes, since = self._call(LOOK, study_id, known.log, len(known.ended))
                return attributes, known.take(since)

        return self._once(study_id, read)

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Reads."""
        found = self._call("get_best_trial", study_id)
        assert isinstance(found, FrozenTrial)
        return found
