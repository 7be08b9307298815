"""What a stored study measures and has to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.objectives.metrics import DEFAULT_METRIC, Metric, metric_of
from tuner.objectives.target import Target
from tuner.objectives.yardstick import Yardstick
from tuner.records.keys import StudyKey

__all__ = [
    "DEFAULT_METRIC",
    "Metric",
    "metric_in",
    "objective_of",
    "target_of",
    "yardstick_of",
]


def metric_in(spec: Mapping[str, Any]) -> Metric:
    """The metric of a study file's fields; of those stored before there was a choice, accuracy."""
    name = spec.get("metric")
    return DEFAULT_METRIC if name is None else metric_of(name, spec.get("metric_direction"))


def yardstick_of(attributes: Mapping[str, Any]) -> Yardstick | None:
    """How long the metric's lengths are on a study's data; None where accuracy is measured."""
    found = attributes.get(StudyKey.YARDSTICK)
    return None if found is None else Yardstick.read(found)


def target_of(attributes: Mapping[str, Any], value: float) -> Target:
    """What would have to be reached for a target, from a study's user attributes."""
    spec = attributes.get(StudyKey.STUDY, {})
    known = yardstick_of(attributes)
    margin = attributes.get(StudyKey.MARGIN, spec.get("margin"))
    return Target(value, float(margin or 0.0), metric_in(spec), known.unit if known else 1.0)


def objective_of(attributes: Mapping[str, Any]) -> Target:
    """What a stored search has to reach, from its user attributes or those of its proofs."""
    return target_of(attributes, float(attributes[StudyKey.STUDY]["target"]))
