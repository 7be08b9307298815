"""What a worker does before its first trial: loads the space, checks and fills the study."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from tuner import choose, ledger, space, warm_start
from tuner.data import DataSet
from tuner.errors import StudyChangedError, StudyError
from tuner.orders import Orders
from tuner.record import GATE, TRAINED, StudyKey, TrialKey
from tuner.seeds import derived_seed
from tuner.study import SearchStudy, Study, SweepStudy, from_dict
from tuner.trial import GATE_SLACK, Work
from tuner.versions import versions

PREPARED = "prepared"
"""Study attribute: the reference, or the whole grid, has been queued."""
MOST_UNTRAINED = 200
"""So many configurations in a row turned away or failing end the search: nothing is left."""
MOST_FAILED = 10
"""So many in a row that cannot be built or trained, with none that can, is the space's fault."""


def prepare(
    orders: Orders, storage: BaseStorage, stopping: Callable[[], bool]
) -> tuple[Work, Asker]:
    """Loads what the trials share and makes the study ready.

    Raises:
        SpaceError: The space cannot be imported or used.
        StudyChangedError: The space is not the one that the study's results come from.
    """
    study = optuna.load_study(
        study_name=orders.study_name,
        storage=storage,
        pruner=optuna.pruners.NopPruner(),
    )
    spec = from_dict(study.user_attrs[StudyKey.STUDY])
    study.pruner = choose.make_pruner(orders.pruner, horizon=spec.horizon, seed=orders.seed)
    data = {key: DataSet.of(fields) for key, fields in orders.data.items()}
    certifying = StudyKey.CERTIFIES in study.user_attrs
    spaces = {key: load(spec, d, whole=certifying) for key, d in data.items()}
    exploration = space.explore(next(iter(spaces.values())))
    _check_space(study, exploration.hash, spec)
    work = Work(
        study=study,
        spec=spec,
        spaces=spaces,
        data=data,
        results=Path(orders.results),
        seed=orders.seed,
        versions={**versions(), "backend": keras.backend.backend()},
        stopping=stopping,
        certifying=certifying,
    )
    if not certifying:  # what certifies a trial is queued by whoever asks for it
        _await_filled(work, orders)
    return work, Asker(work, orders, exploration)


def _await_filled(work: Work, orders: Orders) -> None:
    """The first worker of a command fills the study; the others wait for that."""
    if orders.index == 0:
        _fill(work, orders)
        work.study.set_user_attr(PREPARED, True)
    while not work.study.user_attrs.get(PREPARED) and not work.stopping():
        time.sleep(0.2)


def load(spec: Study, data: DataSet, *, whole: bool = False) -> Any:
    """The study's hypermodel for one data set.

    Args:
        spec: The study.
        data: The data set.
        whole: Whether it is trained on training and validation images together.
    """
    return space.load_space(
        spec.space,
        input_shape=data.image_shape,
        num_classes=len(data.classes),
        train_size=data.train_size + (data.validation_size if whole else 0),
        horizon=spec.horizon,
        options=dict(spec.space_options),
    )


def _check_space(study: optuna.Study, found: str, spec: Study) -> None:
    stored = study.user_attrs.get(StudyKey.SPACE_HASH)
    if stored is None:
        study.set_user_attr(StudyKey.SPACE_HASH, found)
    elif stored != found:
        raise StudyChangedError(
            f"study {study.study_name!r}: its search space {spec.space!r} has changed since its "
            f"results were made (hash {stored[:12]}, now {found[:12]}); restore the space, "
            "or start anew with another study name or --results folder."
        )


def _fill(work: Work, orders: Orders) -> None:
    """Queues the reference and the space's defaults, or every cell of a sweep, once."""
    queued = {ledger.identity(t) for t in work.study.get_trials(deepcopy=False)}
    if isinstance(work.spec, SweepStudy):
        _fill_sweep(work, work.spec, queued)
        return
    hypermodel = next(iter(work.spaces.values()))
    if work.spec.reference is not None and orders.reference and "reference" not in queued:
        params = space.encode(hypermodel, work.spec.reference)
        work.study.enqueue_trial(params, user_attrs={TrialKey.REFERENCE: True})
    if not work.study.user_attrs.get(PREPARED):
        # The author's own guess comes next, whatever the sampler: it is worth many random ones.
        work.study.enqueue_trial(space.encode(hypermodel, {}))


def _fill_sweep(work: Work, spec: SweepStudy, queued: set[str | None]) -> None:
    for index in range(spec.seeds):
        for dataset, hypermodel in work.spaces.items():
            for cell in spec.cells():
                attributes = {
                    TrialKey.CELL: cell,
                    TrialKey.DATA: dataset,
                    TrialKey.SEED: derived_seed(work.seed, index),
                }
                name = ledger.cell_identity(attributes)
                if name not in queued:
                    params = space.encode(hypermodel, {**spec.base, **cell})
                    work.study.enqueue_trial(params, user_attrs=attributes)


def _would_be_trained_now(trial: FrozenTrial, best: FrozenTrial | None) -> bool:
    """Whether a trial was gated by an incumbent that has been refuted since."""
    if trial.constraints.get(GATE, 0.0) <= GATE_SLACK:  # it was the same as another
        return False
    return best is None or trial.user_attrs[TrialKey.VALUE] < (best.value or 0.0)


class Asker:
    """Asks the study for trials, with a fresh sampler each time."""

    def __init__(self, work: Work, orders: Orders, exploration: space.Exploration) -> None:
        self.work = work
        self.orders = orders
        self.exploration = exploration
        self.is_listed = work.certifying or isinstance(work.spec, SweepStudy)
        """Whether every training is queued, and none is the sampler's."""
        self.size_of = None
        self.cost_of: Callable[[dict[str, Any]], float] | None = None
        self.prior: list[FrozenTrial] = []
        if isinstance(work.spec, SearchStudy):
            hypermodel = next(iter(work.spaces.values()))
            self.size_of = space.size_of(hypermodel, work.spec.minimize)
            self.cost_of = space.epoch_cost_of(hypermodel)
            self.prior = warm_start.evidence(work.study)
            warm_start.check(self.prior, exploration.distributions, work.study)

    def done(self, trials: Sequence[FrozenTrial]) -> int:
        """How many trials count towards the goal; of listed ones, all that have ended."""
        if self.is_listed:
            return sum(
                TrialKey.OUTCOME in t.user_attrs for t in trials if TrialKey.CELL in t.user_attrs
            )
        return ledger.trained(trials)

    def state(self, trials: Sequence[FrozenTrial]) -> Literal["ask", "wait", "done"]:
        """Whether to ask for a trial now.

        Raises:
            StudyError: Configuration after configuration fails.
        """
        if self.done(trials) >= self.orders.goal:
            return "done"
        if self.is_listed:
            if any(t.state == TrialState.WAITING for t in trials):
                return "ask"
            return "wait" if any(ledger.is_running(t) for t in trials) else "done"
        return "done" if self._exhausted(trials) else "ask"

    def _exhausted(self, trials: Sequence[FrozenTrial]) -> bool:
        streak = 0
        best = ledger.incumbent(self.work.study) if len(trials) >= MOST_UNTRAINED else None
        for trial in reversed(trials):
            outcome = trial.user_attrs.get(TrialKey.OUTCOME)
            if outcome in TRAINED or ledger.is_running(trial):
                return False
            if outcome == "gated" and _would_be_trained_now(trial, best):
                return False
            streak += outcome is not None
            if outcome == "gated" and streak >= MOST_UNTRAINED:
                return True
            if streak >= MOST_FAILED and not ledger.trained(trials) and outcome != "gated":
                raise StudyError(
                    f"the last {streak} configurations could not be trained, the latest because "
                    f"of {trial.user_attrs.get(TrialKey.ERROR, outcome)!s}; "
                    f"mend the search space {self.work.spec.space!r}."
                )
        return False

    def ask(self, trials: Sequence[FrozenTrial]) -> optuna.Trial:
        """Asks for one trial."""
        self.work.study.sampler = choose.make_sampler(
            self.orders.sampler,
            seed=self.orders.seed + 7_919 * self.orders.index,
            asked=len(trials),
            horizon=self.work.spec.horizon,
            size_of=self.size_of,
            search_space=self.exploration.distributions if self.exploration.complete else None,
            center=self.exploration.defaults,
            cost_of=self.cost_of,
            prior=self.prior,
        )
        return self.work.study.ask()

    def unwanted(self, trial: optuna.Trial, trials: Sequence[FrozenTrial]) -> bool:
        """Whether a claimed trial is one too many."""
        if self.is_listed:
            return TrialKey.CELL not in trials[trial.number].user_attrs
        return ledger.over_budget(trial.number, trials, self.orders.goal)
