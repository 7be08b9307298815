"""The two questions about a training: where will it end, and will it reach the target?

Both are asked with what Optuna stores of a trial, its intermediate values, and nothing else.
"""

from __future__ import annotations

import itertools
import math
import warnings
from typing import TYPE_CHECKING

from optuna.study import StudyDirection
from optuna.trial import TrialState

from tuner.curves import projection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna.study import Study
    from optuna.trial import FrozenTrial


ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
"""States of trials whose curves are evidence for others."""


_RISING_CURVES, _RISING_REPORTS = 2, 3
"""From so many curves on, the last one of so many reports, that all only rise is no accident: one
training alone may get worse from its first epoch on."""


class RisingReportsWarning(UserWarning):
    """What the trials report looks like an accuracy where a shortfall is expected."""


def require_minimize(study: Study, who: str) -> None:
    """Raises where a study maximises: a shortfall that falls, and a size, are minimised.

    Args:
        study: Of one objective.
        who: What needs that, for the message.

    Raises:
        ValueError: It does.
    """
    if study.direction == StudyDirection.MAXIMIZE:
        raise ValueError(
            f"{who} needs a study that minimises, whose trials report target - accuracy, but "
            "direction is 'maximize'; create the study with direction='minimize'."
        )


def warn_of_rising_reports(curves: Sequence[Mapping[int, float]]) -> None:
    """Warns where every curve begins above 0 and only rises, as accuracies do.

    Args:
        curves: What trials reported by step, of the whole study, the one in question last.
    """
    if len(curves) < _RISING_CURVES or len(curves[-1]) < _RISING_REPORTS:
        return
    if all(_rises(curve) for curve in curves):
        warnings.warn(
            "every report so far is above 0 and rises with the steps, as an accuracy does: report "
            "target - accuracy, which falls to 0, or all trials are taken to get ever worse.",
            RisingReportsWarning,
            stacklevel=2,
        )


def _rises(curve: Mapping[int, float]) -> bool:
    """Whether no report is below the one before it, or below 0, and the last is above the first."""
    values = [curve[step] for step in sorted(curve)]
    pairs = itertools.pairwise(values)
    return len(values) > 1 and 0 < values[0] < values[-1] and all(a <= b for a, b in pairs)


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
