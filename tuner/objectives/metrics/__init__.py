"""Metrics: each measures predictions on examples against the truth, one class a module.

A new one is a module here and a line in `METRICS`. Losses are Keras's matter, and what has to be
reached of a metric is `tuner.objectives.target`'s. Scikit-learn measures; it is imported where
something is measured.
"""

from __future__ import annotations

from tuner.basics.held import shown
from tuner.basics.suggestions import suggestion
from tuner.objectives.direction import Direction
from tuner.objectives.metrics.accuracy import Accuracy
from tuner.objectives.metrics.auc import Auc
from tuner.objectives.metrics.average_precision import AveragePrecision
from tuner.objectives.metrics.balanced_accuracy import BalancedAccuracy
from tuner.objectives.metrics.base import Metric
from tuner.objectives.metrics.macro_f1 import MacroF1
from tuner.objectives.metrics.mae import MeanAbsoluteError
from tuner.objectives.metrics.own import OwnMetric
from tuner.objectives.metrics.r2 import R2
from tuner.objectives.metrics.rmse import RootMeanSquaredError
from tuner.objectives.metrics.top5_accuracy import Top5Accuracy

__all__ = [
    "DEFAULT_METRIC",
    "METRICS",
    "Metric",
    "OwnMetric",
    "metric_of",
]


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Accuracy(),
        BalancedAccuracy(),
        MacroF1(),
        Auc(),
        AveragePrecision(),
        Top5Accuracy(),
        MeanAbsoluteError(),
        RootMeanSquaredError(),
        R2(),
    )
}
"""By name, as a study file has it."""
DEFAULT_METRIC = METRICS["accuracy"]
"""Of a study that names none."""


def metric_of(name: str, direction: Direction | None = None) -> Metric:
    """The metric of that name.

    Args:
        name: One of `METRICS`, or a function of the user's own: ``file.py:function``.
        direction: Which way a user's own gets better.

    Raises:
        ValueError: There is none, or a direction is missing, or given for one that has its own.
    """
    if ":" not in name:
        if name not in METRICS:
            known = ", ".join(METRICS)
            raise ValueError(
                f"should be {known} or file.py:function{suggestion(name, list(METRICS))}"
            )
        if direction is not None:
            raise ValueError(f"{name!r} has a direction of its own: leave metric_direction out")
        return METRICS[name]
    if direction is None:
        raise ValueError(
            f"{shown(name)!r} needs metric_direction = 'maximize' or 'minimize': which way it gets "
            "better"
        )
    return OwnMetric(name, direction == "maximize")
