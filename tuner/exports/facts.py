"""What is known of an exported file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.exports.inputs import Inputs
from tuner.exports.orders import Format
from tuner.exports.source import Source
from tuner.objectives.direction import Direction
from tuner.objectives.metrics import DEFAULT_METRIC, Metric, metric_of
from tuner.records.studies import StudyRecord


@dataclass(frozen=True)
class Measured:
    """What the exported file and the Keras model say of the same examples."""

    images: int
    """How many."""
    accuracy: float
    """What the study measures, of the exported file, run by its format's own runtime."""
    keras_accuracy: float
    agreement: float | None
    """Fraction of the examples to which both give the same class; None of amounts."""
    runtime: str
    which: str = "test"
    """``test`` examples, or ``validation`` examples, by which the model was chosen."""
    metric: str = DEFAULT_METRIC.name
    """What the study measures."""
    metric_direction: Direction | None = None

    @property
    def measures(self) -> Metric:
        """What the study measures."""
        return metric_of(self.metric, self.metric_direction)

    @property
    def lost(self) -> float:
        """How much of the metric the export cost; below 0 where it gained."""
        return self.measures.missing(self.accuracy, self.keras_accuracy)

    @property
    def loses_more_than_a_point(self) -> bool:
        """Whether the file is worse than the model by more than one percentage point.

        Of a metric that is no percentage, by more than a hundredth of the model's.
        """
        share = 1.0 if self.measures.is_share else abs(self.keras_accuracy)
        return self.lost > 0.01 * share + 1e-9


@dataclass(frozen=True)
class Facts:
    """What the converting process found out."""

    size: int
    """Trainable parameters."""
    total_size: int
    macs: int | None
    """None where they cannot be counted."""
    bytes: int
    """Of the file."""
    activations: int | None
    """Bytes of activations at the peak, for one image; None where there is no layer graph."""
    inputs: Inputs
    """What the file takes."""
    own_layers: bool
    """Whether reading the Keras model took the search space's module, for its layers."""
    backend: str
    versions: Mapping[str, str]
    measured: Measured | None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Facts:
        """Reads what the process printed."""
        known = dict(fields)
        given = dict(known["inputs"])
        shapes = {name: tuple(shape) for name, shape in given.pop("shapes").items()}
        known["inputs"] = Inputs(shapes=shapes, **given)
        if known["measured"] is not None:
            known["measured"] = Measured(**known["measured"])
        return cls(**known)


@dataclass(frozen=True)
class Exported:
    """A written file and what is known of it."""

    record: StudyRecord
    source: Source
    format: Format
    int8: bool
    file: Path
    card: Path
    facts: Facts
