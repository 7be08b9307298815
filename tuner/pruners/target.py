"""Stops trainings that will not reach the target by the horizon."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from optuna.pruners import BasePruner
from optuna.trial import TrialState

from tuner.basics.optuna_private import set_attribute
from tuner.curves import curve
from tuner.curves.forecasts import (
    ENDED,
    ended_curves,
    probability_of_reaching,
    require_minimize,
    warn_of_rising_reports,
)
from tuner.records.keys import TrialKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.study import Study
    from optuna.trial import FrozenTrial


AUDIT = TrialKey.AUDIT
"""User attribute of a trial that would have been stopped and was trained on."""

_WARMUP_PART = 4
"""In a search no training is stopped for its curve in the first quarter of the horizon, and in its
first 3 epochs: at the first, high learning rates a good small network looks poor."""

_STILL = 3e-3
"""Reports that lie this close together, as a fraction of 1, have stood still: a network that gives
every example the same class reports about the same accuracy in each epoch."""

_FAR = 0.1
"""A shortfall above this is far from the target; nearer to it a curve may stand still for good."""

_BASE_MET = 0.05
"""Base threshold once a trial of the study has met the target: a false stop may then cost the
smallest model, so it is to be rare."""

_BASE_FEW, _FEW = 0.06, 4
"""Base threshold while nothing has met the target and fewer than so many trials have ended."""

_RARITY, _RARITY_TRIALS = 2.0, 5
"""From then on the base threshold is 2 / (ended trials + 5), and at least `_BASE_MET`.

The more trials have ended without one that met the target, the rarer that is, and the more patience
is a trial worth that still may.
"""

_AT_THE_START = 1.8
"""Threshold of a training at its very start, as a multiple of the base threshold.

A false stop costs another training, at whatever epoch it comes. To train on costs the epochs that
are left, which become fewer. So the threshold is in proportion to the share of epochs left: 1.8
times the base at the start, the base itself where 5/9 of the epochs are left, 0 at the horizon.
"""


class TargetPruner(BasePruner):
    """Stops a trial when it is unlikely to reach its target by the horizon.

    For a study whose trials report the shortfall, target - accuracy, after every epoch: at or
    below 0 the target is met. It needs nothing else of this project: what a training will reach is
    foretold from its best shortfall so far, its slope, and how ended trials of the same study went
    on from the same epoch (`tuner.curves`). The fewer trials have ended, the less certain is the
    forecast, and the longer the pruner waits.

    A share of the trials that it would stop is not stopped but marked with the user attribute
    ``audit``. How many of them meet the target in the end is the rate of false stops.

    A trial at or below 0 is never stopped. One whose last report is NaN is stopped at once, and so
    is one that has not learned anything since its first epoch and is far from the target.

    Args:
        horizon: The most epochs one training may use, at least 1. Steps count epochs from 1.
        threshold: Stop below this probability of reaching the target, in (0, 1), at every epoch.
            By default the threshold is in proportion to the epochs that are left, because those are
            what a stop saves: 0.09 at the first epoch and 0 at the last. Until a trial of the study
            has met the target, a false stop costs no more than another trial. Then the default is
            1.2 times that for the first four trials, and from then on 40 / (ended trials + 5)
            times that, but at least as much.
        n_startup: Trials that finish before any is stopped for its curve, at least 0; default 0,
            since the projection without any other curve is wide enough by itself.
        audit: Share of the trials to be stopped that are trained on instead, in [0, 1).
        seed: Which ones they are depends on this and on the trial's number alone; at least 0.
        n_warmup: Epochs before which no trial is stopped for its curve; default a twelfth of the
            horizon, and at least 3.
        noise: Standard deviation of one report, at least 0: a trial whose best is no further from
            the target than that is not stopped, for noise alone may meet it yet.
        steady: Whether a trial is kept as long as a straight line through its last doubling meets
            the target by the horizon. Errors often fall by as much in each epoch, until late;
            accuracies do not.

    Attributes:
        horizon: As given.
        n_warmup: Epochs before which no trial is stopped for its curve.

    Raises:
        ValueError: An argument is out of its range; `prune` raises it in a study that maximises.
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
        noise: float = 0.0,
        steady: bool = False,
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
        if not 0 <= noise < math.inf:
            raise ValueError(f"noise must be at least 0 but got {noise}.")
        self._noise = noise
        self._steady = steady
        self._audit = audit
        self._seed = seed
        self.horizon = horizon
        self._threshold = threshold
        self._n_startup = n_startup
        self.n_warmup = max(3, horizon // 12) if n_warmup is None else n_warmup

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop ``trial`` now.

        Raises:
            ValueError: The study maximises.
        """
        require_minimize(study, type(self).__name__)
        values = trial.intermediate_values
        step = trial.last_step
        if step is None:
            return False
        if min((v for v in values.values() if not math.isnan(v)), default=math.inf) <= 0:
            return False
        if math.isnan(values[step]):
            return True
        if step >= self.horizon:
            return False
        if _is_dead(values, self.horizon):
            return True
        if step < self.n_warmup:
            return False
        trials = study.get_trials(deepcopy=False, states=ENDED)
        finished = sum(t.state == TrialState.COMPLETE for t in trials)
        if finished < self._n_startup:
            return False
        curves = ended_curves(trials)
        chance = probability_of_reaching(values, self.horizon, curves)
        if chance >= (self._threshold or _threshold(trials, 1 - step / self.horizon)):
            return False
        if self._may_yet(values):
            return False
        warn_of_rising_reports([*curves, values])
        return not self._audited(study, trial)

    def _may_yet(self, values: Mapping[int, float]) -> bool:
        """Whether noise, or a straight line through the last doubling, may meet the target yet."""
        known = curve.read_curve(values)
        if known is None:
            return False
        if self._noise and known.final <= self._noise:
            return True
        slope = known.last_doubling / max(known.last - max(known.last / 2, known.steps[0]), 1.0)
        return self._steady and known.final <= slope * (self.horizon - known.last)

    def _audited(self, study: Study, trial: FrozenTrial) -> bool:
        if trial.user_attrs.get(AUDIT):
            return True
        drawn = zlib.crc32(f"audit {self._seed} {trial.number}".encode()) / 2**32
        if drawn >= self._audit:
            return False
        set_attribute(study, trial, AUDIT, True)
        return True


def _threshold(trials: Sequence[FrozenTrial], left: float) -> float:
    """The default threshold.

    Args:
        trials: All trials of the study.
        left: Share of this training's epochs that are still before it.
    """
    ended = [t for t in trials if t.state in ENDED and t.intermediate_values]
    base = (
        _BASE_FEW if len(ended) < _FEW else max(_RARITY / (len(ended) + _RARITY_TRIALS), _BASE_MET)
    )
    if any(
        min(t.intermediate_values.values()) <= 0 for t in ended if t.state == TrialState.COMPLETE
    ):
        base = _BASE_MET
    return _AT_THE_START * left * base


def _is_dead(values: Mapping[int, float], horizon: int) -> bool:
    """Whether the training has stood still, far from the target, for longer than any warm-up."""
    reports = [v for v in values.values() if not math.isnan(v)]
    still = max(reports) - min(reports) <= _STILL and min(reports) > _FAR
    return still and len(reports) >= curve.slowest_start(horizon)


def for_search(
    horizon: int, seed: int, noise: float | None = None, audit: float = 0.05
) -> TargetPruner:
    """The pruner of ``tuner search``.

    Args:
        horizon: The most epochs of a training.
        seed: The study's seed.
        noise: Standard deviation of a report of another metric than accuracy; None: of accuracy.
        audit: Share of the trials to be stopped that are trained on instead.
    """
    return TargetPruner(
        horizon=horizon,
        n_warmup=max(3, horizon // _WARMUP_PART),
        seed=seed,
        noise=noise or 0.0,
        steady=noise is not None,
        audit=audit,
    )
