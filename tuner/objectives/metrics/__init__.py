"""Metrics: each measures predictions on examples against the truth, one class a module.

A new one is a module here and a line in `METRICS`. Losses are Keras's matter, and what has to be
reached of a metric is `tuner.objectives.target`'s.
"""

from __future__ import annotations

from tuner.objectives.metrics.accuracy import Accuracy
from tuner.objectives.metrics.base import Metric

__all__ = ["DEFAULT_METRIC", "METRICS", "Metric"]

METRICS: dict[str, Metric] = {metric.name: metric for metric in (Accuracy(),)}
"""By name, as a study file has it."""
DEFAULT_METRIC = METRICS["accuracy"]
"""Of a study that names none."""
