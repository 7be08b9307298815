"""Who trains what: claims, lost trials and budgets, agreed on through the storage alone.

Workers of several commands, on several machines, share nothing but the Optuna storage, and any of
them may die at any moment. So nothing here takes a lock. Every rule is a function of the trials as
they stand, and where two processes could do the same thing, the trial with the lower number wins.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import optuna
from optuna.trial import FrozenTrial, TrialState

from tuner.basics.optuna_private import id_of, set_attribute, set_state, storage_of
from tuner.objectives.quantities import DEFAULT_QUANTITY
from tuner.records.epochs import stored_epochs
from tuner.records.keys import TRAINED, StudyKey, TrialKey
from tuner.records.proofs import refuted
from tuner.storages.heartbeats import SEEN, Heartbeats, me, worker_lives
from tuner.storages.moments import Moments, Owner, TakenOverError, write_each

MOST_CRASHES = 3
"""So many workers may die alone on one configuration before it is given up, where none of them
came an epoch further than those before it."""

MOST_LOSSES = 3
"""A trial that is lost so often in a row, without coming an epoch further, is spoken of."""

COUNTS_AGREE = 2
"""The first schema whose multiply-accumulates are counted as they are now."""

COPIED = (
    TrialKey.REFERENCE,
    TrialKey.CELL,
    TrialKey.DATA,
    TrialKey.SEED,
    TrialKey.EPOCHS,
    TrialKey.CRASHES,
    TrialKey.EXPECTED,
    TrialKey.LOOK,
    TrialKey.DOUBTED,
)
"""What a retried trial takes over: what it is, and nothing of what its dead run measured."""


def claim(trial: optuna.Trial) -> None:
    """Says that this process trains the trial."""
    with together(trial):
        trial.set_user_attr(TrialKey.WORKER, me())
        trial.set_user_attr(TrialKey.HEARTBEAT, time.time())


@contextlib.contextmanager
def together(trial: optuna.Trial, *, mine: bool = False) -> Iterator[None]:
    """Within it, what is noted of a trial is held back and written at once, where that is possible.

    Args:
        trial: One that runs.
        mine: Whether it has to be this process that trains it still.

    Raises:
        TakenOverError: It is another one.
        optuna.exceptions.UpdateFinishedTrialError: The trial has ended.
    """
    owner = Owner(TrialKey.WORKER, socket.gethostname(), os.getpid()) if mine else None
    storage = storage_of(trial.study)
    if isinstance(storage, Moments):
        with storage.together(id_of(trial), owner):
            yield
        return
    if not write_each(storage, id_of(trial), (), owner):
        raise TakenOverError
    yield


@contextlib.contextmanager
def steady(study: optuna.Study) -> Iterator[None]:
    """Within it, ended trials and the study's attributes are read once."""
    storage = storage_of(study)
    with storage.steady() if isinstance(storage, Moments) else contextlib.nullcontext():
        yield


def identity(trial: FrozenTrial) -> str | None:
    """What must be trained exactly once: a reference, a cell of a sweep, a lost trial.

    None for a trial that the sampler thought of and whose worker has not died.
    """
    a = trial.user_attrs
    if a.get(TrialKey.REFERENCE):
        return "reference"
    if TrialKey.CELL in a:
        return cell_identity(a)
    if TrialKey.RETRY_OF in a:
        return f"trial {a[TrialKey.RETRY_OF]}"
    return f"trial {trial.number}" if TrialKey.LOST in a else None


def cell_identity(attributes: Mapping[str, Any]) -> str:
    """What makes a trial of a sweep the only one of its kind: data set, cell and seed.

    The data set is said where the study has several.
    """
    cell = sorted(attributes[TrialKey.CELL].items())
    return f"cell {attributes.get(TrialKey.DATA)} {cell} {attributes[TrialKey.SEED]}"


def is_queued(attributes: Mapping[str, Any], dataset: str, known: Collection[str | None]) -> bool:
    """Whether a cell is among trials, also as version 0.1.0 queued it.

    Args:
        attributes: What the trial would have.
        dataset: What the study file calls its data set, which 0.1.0 wrote on each trial even where
            a user gave other data.
        known: Identities of the trials.
    """
    older = {**attributes, TrialKey.DATA: dataset}
    return not {cell_identity(attributes), cell_identity(older)}.isdisjoint(known)


def is_live(trial: FrozenTrial) -> bool:
    """Whether the trial is waiting, running, or has ended with an outcome."""
    if trial.state in (TrialState.WAITING, TrialState.RUNNING):
        return True
    return TrialKey.OUTCOME in trial.user_attrs


def superseded(number: int, trials: Sequence[FrozenTrial]) -> bool:
    """Whether another trial already does what this claimed one would do again."""
    mine = trials[number]
    name = identity(mine)
    if name is None:
        return False
    for other in trials:
        if other.number == number or not is_live(other) or identity(other) != name:
            continue
        if other.state.is_finished() or other.number < number:
            return True
    return False


def trained(trials: Iterable[FrozenTrial]) -> int:
    """How many trials count towards the budget."""
    return sum(t.user_attrs.get(TrialKey.OUTCOME) in TRAINED for t in trials)


def over_budget(number: int, trials: Sequence[FrozenTrial], goal: int) -> bool:
    """Whether the trials before this one already fill the budget, should all of them end well."""
    done = trained(trials)
    before = sum(is_running(t) for t in trials if t.number < number)
    return done + before >= goal


def is_running(trial: FrozenTrial) -> bool:
    """Whether the trial is being trained: claimed, or about to be, and without an outcome."""
    return trial.state == TrialState.RUNNING and TrialKey.OUTCOME not in trial.user_attrs


def incumbent(study: optuna.Study, without: frozenset[int] = frozenset()) -> FrozenTrial | None:
    """The smallest trial that met the target and was not refuted; ties: the earliest.

    Args:
        study: The study.
        without: Numbers of trials that do not count.
    """
    wrong = refuted(study.user_attrs) | without
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    met = [
        t
        for t in complete
        if t.user_attrs.get(TrialKey.OUTCOME) == "reached" and t.number not in wrong
    ]
    return min(met, key=lambda t: (t.value, t.number), default=None)


def abandon(study: optuna.Study, trial: FrozenTrial | optuna.Trial, why: str) -> bool:
    """Ends a running trial without an outcome; false where another process was faster."""
    with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
        set_attribute(study, trial, TrialKey.LOST, why)
        return set_state(study, trial, TrialState.FAIL)
    return False


def conclude(study: optuna.Study, trial: FrozenTrial) -> None:
    """Ends a trial whose worker died between storing the outcome and telling the study."""
    outcome = trial.user_attrs[TrialKey.OUTCOME]
    minimized = study.user_attrs[StudyKey.STUDY].get("minimize", DEFAULT_QUANTITY.name)
    state, values = TrialState.PRUNED, None
    if outcome in ("reached", "missed"):
        state, values = TrialState.COMPLETE, [float(trial.user_attrs[minimized])]
    elif outcome in ("out_of_memory", "failed"):
        state = TrialState.FAIL
    elif trial.intermediate_values:
        values = [trial.intermediate_values[max(trial.intermediate_values)]]
    with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
        set_state(study, trial, state, values)


def reap(study: optuna.Study, heartbeats: Heartbeats = SEEN) -> list[int]:
    """Ends the running trials whose worker is dead, and queues what must be trained again.

    Args:
        study: The study.
        heartbeats: What this process has seen of workers elsewhere.

    Returns:
        The numbers of the trials that were found dead.
    """
    trials = study.get_trials(deepcopy=False)
    running = [t for t in trials if t.state == TrialState.RUNNING]
    dead = [t for t in running if not worker_lives(t, heartbeats)]
    found = []
    for trial in dead:
        if TrialKey.OUTCOME in trial.user_attrs:
            conclude(study, trial)
        elif abandon(study, trial, "its worker died"):
            found.append(trial.number)
    requeue(study, None if dead else trials)
    return found


def requeue(study: optuna.Study, trials: Sequence[FrozenTrial] | None = None) -> None:
    """Queues every lost trial that nothing live stands for; doing it twice does no harm.

    Args:
        study: The study.
        trials: All of its trials, where they have just been read.
    """
    if trials is None:
        trials = study.get_trials(deepcopy=False)
    lost = [t for t in trials if t.state == TrialState.FAIL and TrialKey.LOST in t.user_attrs]
    live = {identity(t) for t in trials if is_live(t)}
    for trial in reversed(lost):  # the latest knows of all the crashes before it
        name = identity(trial)
        # A queued trial may have died before it suggested everything it was queued with.
        params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        if name in live or not params:
            continue
        attributes = {k: trial.user_attrs[k] for k in COPIED if k in trial.user_attrs}
        attributes |= expected_cost(trial.user_attrs, study.user_attrs)
        if losses := _losses(trial, trials):
            attributes[TrialKey.LOSSES] = losses
        again = {**attributes, TrialKey.RETRY_OF: root_of(trial)}
        study.enqueue_trial(params, user_attrs=again)
        live.add(name)


def root_of(trial: FrozenTrial) -> int:
    """The number that a trial had when it was first trained."""
    return int(trial.user_attrs.get(TrialKey.RETRY_OF, trial.number))


def _came_further(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> bool:
    """Whether a trial has come further than the lost ones for which it stands.

    It has an epoch that none of them had, or began with more of their epochs than any of them: a
    checkpoint is not written after every epoch where that would cost too much.
    """
    root = root_of(trial)
    before = [t for t in trials if t.number < trial.number and root_of(t) == root]
    return any(
        count(trial) > max((count(t) for t in before), default=0)
        for count in (_epochs_of, _taken_over)
    )


def _epochs_of(trial: FrozenTrial) -> int:
    return len(stored_epochs(trial.user_attrs))


def _taken_over(trial: FrozenTrial) -> int:
    return int(trial.user_attrs.get(TrialKey.TAKEN_OVER, 0))


def _losses(lost: FrozenTrial, trials: Iterable[FrozenTrial]) -> int:
    """How often in a row a trial was lost without having come an epoch further."""
    return 0 if _came_further(lost, trials) else int(lost.user_attrs.get(TrialKey.LOSSES, 0)) + 1


def never_finish_an_epoch(study: optuna.Study) -> list[tuple[int, int]]:
    """Trials that are lost again and again before they end another epoch.

    Returns:
        The number of each, as it was first trained, and how often in a row it was lost.
    """
    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    found = [
        (int(t.user_attrs[TrialKey.RETRY_OF]), int(t.user_attrs.get(TrialKey.LOSSES, 0)))
        for t in waiting
        if TrialKey.RETRY_OF in t.user_attrs
    ]
    return [(number, losses) for number, losses in found if losses >= MOST_LOSSES]


def expected_cost(
    attributes: Mapping[str, Any], study_attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """What a trial that trains a model again shall find that it costs.

    Args:
        attributes: Of the trial that was built before.
        study_attributes: Of its study.

    Returns:
        The attribute for the other trial; empty where it was not built yet.
    """
    keys = [TrialKey.SIZE, TrialKey.TOTAL_SIZE]
    if study_attributes.get(StudyKey.SCHEMA, 0) >= COUNTS_AGREE:
        keys.append(TrialKey.MACS)
    known = {key: attributes[key] for key in keys if attributes.get(key) is not None}
    return {TrialKey.EXPECTED: known} if known else {}


class Process(Protocol):
    """A process of some machine."""

    @property
    def host(self) -> str | None:
        """Its machine; None: this one."""

    @property
    def pid(self) -> int:
        """Its number there."""


def trial_of(study: optuna.Study, process: Process) -> FrozenTrial | None:
    """The running trial that a process has claimed."""
    wanted = (process.host or socket.gethostname(), process.pid)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        worker = trial.user_attrs.get(TrialKey.WORKER)
        if worker is not None and (worker["host"], worker["pid"]) == wanted:
            return trial
    return None


def lose(study: optuna.Study, process: Process) -> int | None:
    """Queues again, at once, what a process was training that is known to be gone.

    Returns:
        The trial's number; None where it was training none, or had just ended it.
    """
    trial = trial_of(study, process)
    if trial is None:
        return None
    if TrialKey.OUTCOME in trial.user_attrs:
        conclude(study, trial)
        return None
    lost = abandon(study, trial, "its worker died")
    requeue(study)
    return trial.number if lost else None


def count_crash(
    study: optuna.Study, pid: int, code: int, *, silent: bool = False, host: str | None = None
) -> int | None:
    """Notes that a worker died on its own while training a trial.

    A configuration on which several workers died, none further than the one before, is given up: by
    the operating system's hand (SIGKILL) it counts as out of memory, else as failed.

    Args:
        study: The study.
        pid: The dead worker's process id.
        code: Its exit code, negative for a signal.
        silent: Whether it was ended because it showed no sign of life.
        host: Its machine; None: this one.

    Returns:
        The trial's number; None where it was training none, or the trial is given up.
    """
    trials = study.get_trials(deepcopy=False)
    for trial in (t for t in trials if t.state == TrialState.RUNNING):
        worker = trial.user_attrs.get(TrialKey.WORKER)
        if worker is None or (worker["host"], worker["pid"]) != (
            host or socket.gethostname(),
            pid,
        ):
            continue
        if TrialKey.OUTCOME in trial.user_attrs:
            return None
        before = 0 if _came_further(trial, trials) else trial.user_attrs.get(TrialKey.CRASHES, 0)
        crashes = before + 1
        set_attribute(study, trial, TrialKey.CRASHES, crashes)
        if crashes < MOST_CRASHES:
            return trial.number
        outcome = "out_of_memory" if code == -9 and not silent else "failed"
        how = "without a sign of life" if silent else f"with exit code {code}"
        error = f"{crashes} workers died training it, the last {how}"
        set_attribute(study, trial, TrialKey.ERROR, error)
        set_attribute(study, trial, TrialKey.OUTCOME, outcome)
    return None
