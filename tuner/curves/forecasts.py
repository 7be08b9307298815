"""The two questions about a training: where will it end, and will it reach the target?

Both are asked with what Optuna stores of a trial, its intermediate values, and nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optuna.trial import TrialState

from tuner.curves import projection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.trial import FrozenTrial


ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
"""States of trials whose curves are evidence for others."""


def ended_curves(trials: Sequence[FrozenTrial]) -> list[Mapping[int, float]]:
    """Curves from which others can be foretold: of trials that ended, with a finite last report."""
    return [
        trial.intermediate_values
        for trial in trials
        if trial.state in ENDED
        and trial.last_step is not None
        and math.isfinite(trial.intermediate_values[trial.last_step])
    ]


def project_shortfall(
    trial_values: Mapping[int, float], horizon: int, ended: Sequence[Mapping[int, float]]
) -> tuple[float, float]:
    """Project the best shortfall that a training has when it ends.

    Args:
        trial_values: Shortfall by step so far, steps positive, in any order; NaN are left out.
        horizon: The last step, at least 1.
        ended: Curves of other trials, whether they ran to the horizon, to the target, or were
            stopped on the way.

    Returns:
        Mean and standard deviation, in units of the shortfall (fractions of 1). With no finite
        report, a mean of 1.0.
    """
    mean, sd, _ = projection.project(trial_values, projection.Experience(ended, horizon))
    return mean, sd


def probability_of_reaching(
    trial_values: Mapping[int, float], horizon: int, ended: Sequence[Mapping[int, float]]
) -> float:
    """P(the shortfall is at or below 0 by the horizon); arguments as in `project_shortfall`."""
    best = min((v for v in trial_values.values() if math.isfinite(v)), default=math.inf)
    if not math.isfinite(best):
        return 0.0
    experience = projection.Experience(ended, horizon)
    return projection.project(trial_values, experience).chance(best)
