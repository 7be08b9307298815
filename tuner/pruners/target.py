"""Stops trainings that will not reach the target by the horizon."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from optuna.pruners import BasePruner
from optuna.trial import TrialState

from tuner.basics.optuna_private import set_attribute
from tuner.curves import curve
from tuner.curves.forecasts import ENDED, ended_curves, probability_of_reaching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.study import Study
    from optuna.trial import FrozenTrial


AUDIT = "audit"
"""User attribute of a trial that would have been stopped and was trained on."""

# A network that gives every image the same class reports about the same accuracy all the time.
_STILL = 3e-3

_FAR = 0.1

# Default thresholds: once a trial has met the target, and before, while few trials have ended and
# then. `benchmarks/search` has what else was tried.
_MET, _UNMET = 0.05, 0.06

_FEW, _SHARE, _MORE = 4, 2.0, 5

# They are those of a training that has 1 / 1.8 of its epochs left: a false stop costs another
# training whenever it comes, going on only the epochs that are left.
_ALL_LEFT = 1.8


class TargetPruner(BasePruner):
    """Stops a trial when it is unlikely to reach its target by the horizon.

    For a study whose trials report the shortfall, target - accuracy, after every epoch: at or
    below 0 the target is met. The pruner looks at this trial's best so far, its slope, and at how
    ended trials of the same study went on from the same epoch; see :func:`project_shortfall`.
    The fewer trials have ended, the wider its projection, and the longer it waits.

    A share of the trials that it would stop it only marks, with the user attribute ``audit``, and
    never stops for its curve: how many of them meet the target in the end is the rate of its false
    stops.

    A trial at or below 0 is never stopped. One whose last report is NaN is stopped at once, and
    so is one that has not learned anything since its first epoch and is far from the target.

    Args:
        horizon: The most epochs one training may use, at least 1. Steps count epochs from 1.
        threshold: Stop below this probability of reaching the target, in (0, 1), at every epoch.
            The default falls with the epochs that are left, from 0.09 at the first to 0 at the
            last, since these are what a stop saves. Until a trial of the study has met the target
            a false stop costs no more than another trial, and it is that times 1.2 for the first
            four trials, then times 40 / (ended trials + 5), from 4.4 down to 1.
        n_startup: Trials that finish before any is stopped for its curve, at least 0; default 0,
            since the projection without any other curve is wide enough by itself.
        audit: Share of the trials to be stopped that are trained on instead, in [0, 1).
        seed: Which ones they are depends on this and on the trial's number alone; at least 0.
        n_warmup: Epochs before which no trial is stopped for its curve; default a twelfth of the
            horizon, and at least 3.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        horizon: int,
        *,
        threshold: float | None = None,
        n_startup: int = 0,
        n_warmup: int | None = None,
        audit: float = 0.05,
        seed: int = 0,
    ) -> None:
        if horizon < 1:
            raise ValueError(f"horizon must be at least 1 but got {horizon}.")
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(f"threshold must lie between 0 and 1 but got {threshold}.")
        if n_startup < 0:
            raise ValueError(f"n_startup cannot be negative but got {n_startup}.")
        if n_warmup is not None and n_warmup < 0:
            raise ValueError(f"n_warmup cannot be negative but got {n_warmup}.")
        if not 0 <= audit < 1:
            raise ValueError(f"audit must be at least 0 and below 1 but got {audit}.")
        if seed < 0:
            raise ValueError(f"seed cannot be negative but got {seed}.")
        self._audit = audit
        self._seed = seed
        self._horizon = horizon
        self._threshold = threshold
        self._n_startup = n_startup
        self._n_warmup = max(3, horizon // 12) if n_warmup is None else n_warmup

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop ``trial`` now."""
        values = trial.intermediate_values
        step = trial.last_step
        if step is None:
            return False
        if min((v for v in values.values() if not math.isnan(v)), default=math.inf) <= 0:
            return False
        if math.isnan(values[step]):
            return True
        if step >= self._horizon:
            return False
        if _is_dead(values, self._horizon):
            return True
        if step < self._n_warmup:
            return False
        trials = study.get_trials(deepcopy=False)
        finished = sum(t.state == TrialState.COMPLETE for t in trials)
        if finished < self._n_startup:
            return False
        chance = probability_of_reaching(values, self._horizon, ended_curves(trials))
        if chance >= (self._threshold or _threshold(trials, 1 - step / self._horizon)):
            return False
        return not self._audited(study, trial)

    def _audited(self, study: Study, trial: FrozenTrial) -> bool:
        if trial.user_attrs.get(AUDIT):
            return True
        drawn = zlib.crc32(f"audit {self._seed} {trial.number}".encode()) / 2**32
        if drawn >= self._audit:
            return False
        set_attribute(study, trial, AUDIT, True)
        return True


def _threshold(trials: Sequence[FrozenTrial], left: float) -> float:
    """The default for a training with a share ``left`` of its epochs before it.

    The rarer it is to meet the target, the more patience is a trial worth that still may.
    """
    ended = [t for t in trials if t.state in ENDED and t.intermediate_values]
    threshold = _UNMET if len(ended) < _FEW else max(_SHARE / (len(ended) + _MORE), _MET)
    if any(
        min(t.intermediate_values.values()) <= 0 for t in ended if t.state == TrialState.COMPLETE
    ):
        threshold = _MET
    return _ALL_LEFT * left * threshold


def _is_dead(values: Mapping[int, float], horizon: int) -> bool:
    """Whether the training has stood still, far from the target, for longer than any warm-up."""
    reports = [v for v in values.values() if not math.isnan(v)]
    still = max(reports) - min(reports) <= _STILL and min(reports) > _FAR
    return still and len(reports) >= curve.slowest_start(horizon)
