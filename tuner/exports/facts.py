"""What is known of an exported file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuner.exports.orders import Format
from tuner.exports.source import Source
from tuner.records.studies import StudyRecord


@dataclass(frozen=True)
class Measured:
    """What the exported file and the Keras model say of the same images."""

    images: int
    """How many."""
    accuracy: float
    """Of the exported file, run by its format's own runtime; a fraction."""
    keras_accuracy: float
    agreement: float
    """Fraction of the images to which both give the same class."""
    runtime: str
    which: str = "test"
    """``test`` images, or ``validation`` images, by which the model was chosen."""

    @property
    def lost(self) -> float:
        """Accuracy that the export cost, a fraction; below 0 where it gained."""
        return self.keras_accuracy - self.accuracy

    @property
    def loses_more_than_a_point(self) -> bool:
        """Whether the file is worse than the model by more than one percentage point."""
        return self.lost > 0.01 + 1e-9


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
    image_shape: tuple[int, int, int]
    own_layers: bool
    """Whether reading the Keras model took the search space's module, for its layers."""
    backend: str
    versions: Mapping[str, str]
    measured: Measured | None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Facts:
        """Reads what the process printed."""
        known = dict(fields)
        known["image_shape"] = tuple(known["image_shape"])
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
