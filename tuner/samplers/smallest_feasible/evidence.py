"""What the trials of a study say about size and shortfall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.trial import TrialState

from tuner.curves import projection
from tuner.curves.forecasts import ended_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from optuna.trial import FrozenTrial

    from tuner.samplers.smallest_feasible.encoding import Encoding

SHORTFALL = "shortfall"
GATE = "gate"
# User attribute in which a trial may tell what the study minimises before it has ended, or where
# it never will: the value of a pruned trial is its last report.
VALUE = "value"
# Failed trials say nothing, waiting ones have no parameters yet.
_SEEN = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


@dataclass
class Evidence:
    """What is known, one row a trial.

    Attributes:
        tried: Coordinates of every trial, proposals not to repeat, [n, d], NaN where missing.
        points: Coordinates of the trials that were trained, [m, d].
        shortfall: Their projected final shortfall, [m].
        spread: Its standard deviation, [m].
        sizes: Their sizes, NaN where unknown, [m].
        met: Which of them are known to have met the target, bool [m].
        running: Coordinates of the trials under way, [r, d].
        sized: Coordinates of all trials whose size is known, untrained ones included, [s, d].
        known_sizes: Their sizes, [s].
        incumbent: The smallest size that met the target, infinity while there is none.
        ceiling: The largest size of a running trial that the user queued, infinity without one:
            a reference is queued to be beaten in size, so nothing above it is worth a training.
        earlier: How many of the trained come from an earlier study; they are the first rows.
        refuted: How many met the target by luck, as certificates found.
    """

    tried: np.ndarray
    points: np.ndarray
    shortfall: np.ndarray
    spread: np.ndarray
    sizes: np.ndarray
    met: np.ndarray
    running: np.ndarray
    running_sizes: np.ndarray
    sized: np.ndarray
    known_sizes: np.ndarray
    incumbent: float
    ceiling: float
    earlier: int = 0
    refuted: int = 0

    @property
    def is_earlier(self) -> np.ndarray:
        """Which of the trained come from an earlier study, bool [m]."""
        return np.arange(self.count) < self.earlier

    @property
    def limit(self) -> float:
        """The size that proposals stay below."""
        return min(self.incumbent, self.ceiling)

    @property
    def count(self) -> int:
        """How many trials were trained."""
        return len(self.shortfall)

    @property
    def own(self) -> int:
        """How many of them by this study."""
        return self.count - self.earlier


def read(
    trials: Sequence[FrozenTrial],
    encoding: Encoding,
    horizon: int | None,
    size_of: Callable[[dict[str, Any]], int] | None,
    refuted: Mapping[int, float] | None = None,
    prior: Sequence[FrozenTrial] = (),
) -> Evidence:
    """Collect the evidence of a study's complete, pruned and running trials.

    Args:
        trials: The trials.
        encoding: Of their parameters.
        horizon: The most epochs of a training; None: the last step seen.
        size_of: Size of a configuration, where it is known.
        refuted: Shortfall, above 0, of trials that met the target by luck, by their numbers.
        prior: Trials of an earlier study, their shortfalls relative to this study's target.
    """
    refuted = refuted or {}
    trials = [t for t in trials if t.state in _SEEN]
    horizon = horizon or max((t.last_step or 1 for t in trials), default=1)
    experience = projection.Experience(ended_curves(trials), horizon)
    # Each trial is encoded and measured once: both cost more than all the rest of this.
    rows_of = [encoding.encode(t.params) for t in trials]
    sizes_of = [_size(t, size_of) for t in trials]
    running = [i for i, t in enumerate(trials) if t.state == TrialState.RUNNING]
    told = [i for i, size in enumerate(sizes_of) if math.isfinite(size)]
    queued = [i for i in running if "fixed_params" in trials[i].system_attrs]
    rows, shortfall, spread, sizes = _read_prior(prior, encoding, horizon, size_of)
    earlier = len(rows)
    met = [False] * earlier
    for trial, row, size in zip(trials, rows_of, sizes_of, strict=True):
        outcome = _outcome(trial, experience)
        if outcome is None:
            continue
        lucky = trial.number in refuted
        if lucky:  # the mean of several trainings is a better witness than the best of many
            outcome = refuted[trial.number], projection.SEED_NOISE
        rows.append(row)
        shortfall.append(outcome[0])
        spread.append(outcome[1])
        sizes.append(size)
        met.append(trial.state == TrialState.COMPLETE and is_met(trial) and not lucky)
    feasible = [size for size, ok in zip(sizes, met, strict=True) if ok and math.isfinite(size)]
    return Evidence(
        tried=_stack(rows_of, encoding),
        points=_stack(rows, encoding),
        shortfall=np.array(shortfall),
        spread=np.array(spread),
        sizes=np.array(sizes),
        met=np.array(met, bool),
        running=_stack([rows_of[i] for i in running], encoding),
        running_sizes=np.array([sizes_of[i] for i in running]),
        sized=_stack([rows_of[i] for i in told], encoding),
        known_sizes=np.array([sizes_of[i] for i in told]),
        incumbent=min(feasible, default=math.inf),
        ceiling=max((sizes_of[i] for i in queued if i in told), default=math.inf),
        earlier=earlier,
        refuted=sum(t.number in refuted for t in trials),
    )


def _read_prior(
    prior: Sequence[FrozenTrial],
    encoding: Encoding,
    horizon: int,
    size_of: Callable[[dict[str, Any]], int] | None,
) -> tuple[list[np.ndarray], list[float], list[float], list[float]]:
    """Coordinates, shortfall, spread and size of what an earlier study trained, [n] each.

    Where this study has a parameter that the earlier one had not, its trials stand at the center:
    their size is what it would be here.
    """
    experience = projection.Experience(ended_curves(prior), horizon)
    rows, shortfall, spread, sizes = [], [], [], []
    unknown = [name not in (p for t in prior for p in t.params) for name in encoding.names]
    for trial in prior:
        final = trial.constraints.get(SHORTFALL)
        if trial.state not in (TrialState.COMPLETE, TrialState.PRUNED):
            continue
        if trial.constraints.get(GATE, 0.0) > 0 or (final is None and not trial.last_step):
            continue
        # It may have stopped at a target that was easier: its curve says where it was going.
        if trial.last_step:
            outcome = projection.project(trial.intermediate_values, experience)[:2]
        else:
            outcome = final or 0.0, projection.SEED_NOISE
        row = np.where(unknown, encoding.center, np.clip(encoding.encode(trial.params), 0.0, 1.0))
        rows.append(row)
        shortfall.append(outcome[0])
        spread.append(outcome[1])
        sizes.append(_size_here(trial, row, encoding, size_of))
    return rows, shortfall, spread, sizes


def _size_here(
    trial: FrozenTrial,
    row: np.ndarray,
    encoding: Encoding,
    size_of: Callable[[dict[str, Any]], int] | None,
) -> float:
    """The size that an earlier study's trial would have here; NaN where it is unknown."""
    if size_of is None:
        return _size(trial, None)
    whole = np.where(np.isnan(row), encoding.center, row)
    return _measured(encoding.decode(whole[None])[0], size_of)


def is_met(trial: FrozenTrial) -> bool:
    """Whether a trial breaks no constraint; one without any counts as having met them."""
    return all(value <= 0 for value in trial.constraints.values())


def _outcome(trial: FrozenTrial, experience: projection.Experience) -> tuple[float, float] | None:
    """Mean and standard deviation of the final shortfall; None where a trial says nothing."""
    if trial.state == TrialState.RUNNING:
        return None
    values = trial.intermediate_values
    final = trial.constraints.get(SHORTFALL)
    if trial.constraints.get(GATE, 0.0) > 0:  # never trained
        return None
    if values:
        mean, sd, _ = projection.project(values, experience)
        # A complete trial that ended early and short says itself where it ended.
        if trial.state == TrialState.COMPLETE and final is not None and final > 0:
            return final, projection.SEED_NOISE
        if min(values.values()) <= 0:  # how far it would have gone is unsure, that it met is not
            sd = min(sd, max(projection.SEED_NOISE, abs(mean) / 2))
        return mean, sd
    if final is not None:
        return final, projection.SEED_NOISE if trial.state == TrialState.COMPLETE else 0.05
    return (0.0, 0.02) if trial.state == TrialState.COMPLETE else None


def _size(trial: FrozenTrial, size_of: Callable[[dict[str, Any]], int] | None) -> float:
    if trial.state == TrialState.COMPLETE and trial.value is not None:
        return trial.value
    if size_of is None:
        return float(trial.user_attrs.get(VALUE, math.nan))
    return _measured(dict(trial.params), size_of)


def _measured(params: dict[str, Any], size_of: Callable[[dict[str, Any]], int]) -> float:
    """The size of a configuration; NaN where it cannot be built or is not complete."""
    try:
        return float(size_of(params))
    except (ValueError, KeyError):  # KeyError: a running trial has not chosen everything yet
        return math.nan


def _stack(rows: list[np.ndarray], encoding: Encoding) -> np.ndarray:
    return np.array(rows).reshape(len(rows), len(encoding.names))
