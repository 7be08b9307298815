"""Evidence from another study: what ``--warm-start`` carries over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState

from tuner.basics.optuna_private import storage_of
from tuner.errors import UsageError
from tuner.records.keys import SHORTFALL, StudyKey
from tuner.records.proofs import refuted_shortfalls
from tuner.records.studies import StudyRecord
from tuner.storages import foreign
from tuner.storages.studies import find_study

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

    from tuner.objectives.metrics import Metric


def agree(study: optuna.Study, name: str | None) -> None:
    """Writes which trials a study begins with, or checks that it began with these.

    They are those that the other study has trained by now: what it trains later is left out, so
    that a stopped search goes on as it would have.

    Args:
        study: The study to warm-start.
        name: The other study's; None: whatever the study began with.

    Raises:
        UsageError: The other study does not exist, is this one, looks for nothing or has trained
            nothing; or this study has begun in another way.
    """
    if name is None:
        return
    if foreign.is_project(name):
        _agree_on_project(study, name)
        return
    other = find_study(name, storage_of(study))
    began = study.user_attrs.get(StudyKey.WARM_START)
    if began is not None and began["study"] == other.study_name:
        return
    if began is not None or study.get_trials(deepcopy=False):
        how = f"with {began['study']!r}" if began else "without a warm start"
        raise UsageError(
            f"study {study.study_name!r} began {how}; go on without --warm-start "
            f"{name}, or give another --results folder."
        )
    if other.study_name == study.study_name:
        raise UsageError(f"--warm-start {name!r} is the study itself; name another one.")
    numbers = require(name, storage_of(study))
    study.set_user_attr(StudyKey.WARM_START, {"study": other.study_name, "trials": numbers})


def _agree_on_project(study: optuna.Study, name: str) -> None:
    """The same for a project of Keras Tuner's, whose trials are kept in the study."""
    began = study.user_attrs.get(StudyKey.WARM_START)
    place = str(Path(name).expanduser().resolve())
    if began is not None and began["study"] == place:
        return
    if began is not None or study.get_trials(deepcopy=False):
        how = f"with {began['study']!r}" if began else "without a warm start"
        raise UsageError(
            f"study {study.study_name!r} began {how}; go on without --warm-start "
            f"{name}, or give another --results folder."
        )
    trials = foreign.read(name, StudyRecord.of(study).metric)
    stored = {"study": place, "trials": list(range(len(trials))), "read": trials}
    study.set_user_attr(StudyKey.WARM_START, stored)


def require(name: str, storage: BaseStorage, metric: Metric | None = None) -> list[int]:
    """Numbers of the trials that a study would begin with.

    Args:
        name: The other study's.
        storage: Of both.
        metric: What the study measures; None: whatever the other one does.

    Raises:
        UsageError: The other study does not exist, looks for nothing, has trained nothing, or
            measures something else.
    """
    record = StudyRecord.of(find_study(name, storage))
    if record.target is None:
        raise UsageError(f"--warm-start {name!r} is a sweep, which has no target; name a search.")
    if metric is not None and record.metric != metric:
        raise UsageError(
            f"--warm-start {name!r} measures {record.metric.name}, and this study {metric.name}: "
            "name a search of the same metric."
        )
    numbers = [t.number for t in record.trained]
    if not numbers:
        raise UsageError(f"--warm-start {name!r} has not trained anything yet; run it first.")
    return numbers


def evidence(study: optuna.Study) -> list[FrozenTrial]:
    """The other study's trials as this study would see them; none without a warm start.

    Shortfalls are moved to this study's target and margin, and epochs scaled to its horizon.

    Raises:
        UsageError: The storage no longer has the other study.
    """
    began = study.user_attrs.get(StudyKey.WARM_START)
    if began is None or "read" in began:  # of a project of Keras Tuner's: workers read that
        return []
    try:
        other = optuna.load_study(study_name=began["study"], storage=storage_of(study))
    except KeyError as error:
        raise UsageError(
            f"study {study.study_name!r} began with the trials of {began['study']!r}, which the "
            "storage no longer has; restore it, or start anew with another --results folder."
        ) from error
    here, there = StudyRecord.of(study), StudyRecord.of(other)
    lucky = refuted_shortfalls(other.user_attrs)
    wanted = set(began["trials"])
    trials = [t for t in other.get_trials(deepcopy=False) if t.number in wanted]
    if here.objective is None or there.objective is None:
        return []
    ours, theirs = here.objective, there.objective
    by = ours.metric.missing(theirs.bar, ours.bar) / ours.unit
    scale = here.horizon / there.horizon
    times = theirs.unit / ours.unit
    return [moved(t, by, scale, lucky.get(t.number), times=times) for t in trials]


def check(trials: Iterable[FrozenTrial], names: Iterable[str], study: optuna.Study) -> None:
    """Refuses trials that have no parameter in common with the study's space.

    Args:
        trials: What `evidence` gave.
        names: The space's parameters.
        study: The study.

    Raises:
        UsageError: There is none.
    """
    theirs = {name for t in trials for name in t.params}
    if theirs and not theirs & set(names):
        began = study.user_attrs[StudyKey.WARM_START]
        raise UsageError(
            f"the search spaces of {study.study_name!r} and {began['study']!r} have no parameter "
            "in common, so that one cannot warm-start the other; leave --warm-start out and give "
            "another --results folder."
        )


def moved(
    trial: FrozenTrial,
    by: float,
    scale: float = 1.0,
    refuted: float | None = None,
    *,
    times: float = 1.0,
) -> FrozenTrial:
    """A copy of a trial with its shortfalls moved and its epochs scaled.

    Args:
        trial: The trial.
        by: What is added to its shortfalls, in units of the study that sees it.
        scale: What its epochs are multiplied by.
        refuted: What a certificate that refuted it found its shortfall to be, the mean of fresh
            trainings; it counts then, without the lucky curve.
        times: What its shortfalls are multiplied by before: its own study's unit, in the other's.
    """
    reports: dict[int, float] = {}
    for step, shortfall in sorted(trial.intermediate_values.items()):
        reports[max(1, round(step * scale))] = times * shortfall + by
    final = trial.constraints.get(SHORTFALL)
    if refuted is not None:
        reports, final = {}, refuted
    constraints: dict[str, Any] = {} if final is None else {SHORTFALL: times * final + by}
    complete = trial.state == TrialState.COMPLETE
    return optuna.trial.create_trial(
        state=trial.state,
        value=trial.value if complete else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=trial.user_attrs,
        intermediate_values=reports,
        constraints=constraints,
    )
