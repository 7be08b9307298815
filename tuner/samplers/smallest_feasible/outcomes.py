"""What one trial says: the size of its model, and where its training would have ended."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from optuna.trial import TrialState

from tuner.curves import projection
from tuner.records.keys import GATE, SHORTFALL, TrialKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from optuna.trial import FrozenTrial

    from tuner.samplers.smallest_feasible.encoding import Encoding

    SizeOf = Callable[[dict[str, Any]], int] | None
    """Size of a configuration, or None where it is known of trained models only."""

VALUE = TrialKey.VALUE
"""User attribute in which a trial may tell what the study minimises before it has ended, or where
it never will: Optuna makes its last report the value of a pruned trial."""

_STOPPED_SPREAD = 0.05
"""Standard deviation of where a stopped training would have ended that left no learning curve."""

_MET_SHORTFALL, _MET_SPREAD = 0.0, 0.02
"""Taken of a complete trial that tells neither a constraint nor a learning curve: Optuna counts it
as feasible, and by how much is unknown."""

_FARTHEST = 1e9
"""A shortfall or a spread beyond this is as far as any, infinite ones too: a training that blew up.
Their squares must not overflow."""

_LARGEST = 1e100
"""A size beyond this, either way, is not known; an infinite one says only that something failed."""

_LEAST_LINE = 3
"""So many reports make a line."""

_UNKNOWN_LUCK = 0.25
"""Luck of a report, in standard deviations of its noise, where too few others tell."""


class Outcome(NamedTuple):
    """Where a training ends: the final shortfall's mean and standard deviation."""

    shortfall: float
    spread: float


def is_met(trial: FrozenTrial) -> bool:
    """Whether a trial met the target: it breaks no constraint.

    One that set no constraint met the target if one of its reports did, or if it has none.
    """
    if not trial.constraints and trial.intermediate_values:
        return min(trial.intermediate_values.values()) <= 0
    return all(value <= 0 for value in trial.constraints.values())


def is_failed(trial: FrozenTrial) -> bool:
    """Whether a configuration could not be trained; one whose worker died says nothing of that."""
    return (
        trial.state == TrialState.FAIL
        and bool(trial.params)
        and TrialKey.LOST not in trial.user_attrs
    )


def is_gated(trial: FrozenTrial) -> bool:
    """Whether a trial was turned away untrained."""
    return trial.constraints.get(GATE, 0.0) > 0


def outcome_of(trial: FrozenTrial, experience: projection.Experience) -> Outcome | None:
    """Where a trial's training ends; None where it says nothing.

    Args:
        trial: Of this study.
        experience: The study's learning curves.
    """
    found = _told(trial, experience)
    return None if found is None else _bounded(found)


def _told(trial: FrozenTrial, experience: projection.Experience) -> Outcome | None:
    """As `outcome_of`, with whatever numbers the trial tells."""
    if trial.state == TrialState.RUNNING or is_gated(trial):
        return None
    complete = trial.state == TrialState.COMPLETE
    values = trial.intermediate_values
    final = trial.constraints.get(SHORTFALL)
    if values:
        if final is None and complete and not math.isnan(best := min(values.values())):
            final = best
        mean, sd, _ = projection.project(values, experience)
        # A complete trial that ended early and short says itself where it ended.
        if complete and final is not None and final > 0:
            return Outcome(final, projection.SEED_NOISE)
        if min(values.values()) <= 0:  # how far it would have gone is unsure, that it met is not
            sd = min(sd, max(projection.SEED_NOISE, abs(mean) / 2))
        return Outcome(mean, sd)
    if final is not None:
        return Outcome(final, projection.SEED_NOISE if complete else _STOPPED_SPREAD)
    return Outcome(_MET_SHORTFALL, _MET_SPREAD) if complete else None


def _bounded(outcome: Outcome) -> Outcome:
    """The same in numbers that can be reckoned with."""
    mean, spread = outcome
    if math.isnan(mean):
        return Outcome(projection.UNKNOWN_MEAN, projection.UNKNOWN_SD)
    mean = float(np.clip(mean, -_FARTHEST, _FARTHEST))
    return Outcome(mean, abs(mean) if math.isnan(spread) else min(spread, _FARTHEST))


def luck(values: Mapping[int, float], noise: float) -> float:
    """How much too low the last of noisy reports is that ended a training by meeting the target.

    It was the first of several to do so, and the noise that helped it is not in the others. What
    is believed is the middle between it and a straight line in log steps, through the last
    doubling of steps.

    Args:
        values: Shortfall by step.
        noise: Standard deviation of one of them.
    """
    steps = np.array(sorted(values), float)
    steps = steps[steps >= steps[-1] / 2] if len(steps) else steps
    recent = np.array([values[int(step)] for step in steps])
    if not len(steps) or not np.isfinite(recent[-1]):
        return 0.0
    if len(recent) < _LEAST_LINE or not np.isfinite(recent).all():
        return _UNKNOWN_LUCK * noise
    slope, level = np.polyfit(np.log(steps / steps[-1]), recent, 1)
    if slope > 0:  # it has come to rest, and only wanders
        level = recent.mean()
    return float(np.clip((level - recent[-1]) / 2, 0.0, noise))


def outcome_elsewhere(trial: FrozenTrial, experience: projection.Experience) -> Outcome | None:
    """Where the training of an earlier study's trial would have ended here, as `outcome_of`.

    It may have stopped at a target that was easier. So its curve counts before its constraint: the
    curve says where it was going.
    """
    if trial.state not in (TrialState.COMPLETE, TrialState.PRUNED) or is_gated(trial):
        return None
    if trial.last_step:
        return _bounded(Outcome(*projection.project(trial.intermediate_values, experience)[:2]))
    final = trial.constraints.get(SHORTFALL)
    return None if final is None else _bounded(Outcome(final or 0.0, projection.SEED_NOISE))


def size(trial: FrozenTrial, size_of: SizeOf) -> float:
    """The size of a trial's model; NaN where it is unknown."""
    if trial.state == TrialState.COMPLETE and trial.value is not None:
        return _known(trial.value)
    if size_of is None:
        return _known(float(trial.user_attrs.get(VALUE, math.nan)))
    return _measured(dict(trial.params), size_of)


def size_elsewhere(
    trial: FrozenTrial, point: np.ndarray, encoding: Encoding, size_of: SizeOf
) -> float:
    """The size that an earlier study's trial would have here; NaN where it is unknown.

    Args:
        trial: Of the earlier study.
        point: Its coordinates here, [d]; what is NaN stands at the space's center.
        encoding: This study's space.
        size_of: This study's sizes.
    """
    if size_of is None:
        return size(trial, None)
    whole = np.where(np.isnan(point), encoding.center, point)
    return _measured(encoding.decode(whole[None])[0], size_of)


def _known(size: float) -> float:
    """A size that was told; NaN where it is none."""
    return size if abs(size) <= _LARGEST else math.nan


def _measured(params: dict[str, Any], size_of: Callable[[dict[str, Any]], int]) -> float:
    """The size of a configuration; NaN where it cannot be built or is not complete."""
    try:
        return float(size_of(params))
    except (ValueError, KeyError):  # KeyError: a running trial has not chosen everything yet
        return math.nan
