"""What the process that converts a model is told, and what it answers; imports no backend."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tuner.data import DataSet

Format = Literal["keras", "tflite", "onnx"]
FORMATS: tuple[Format, ...] = get_args(Format)

INPUT = "images"
"""Name of the exported models' input."""


@dataclass(frozen=True)
class ExportOrders:
    """All that the converting process is told."""

    model_file: str
    """The Keras model to export."""
    part: str
    """Where to write; whoever gave the orders moves it into its place."""
    format: Format
    int8: bool
    measure: bool
    """Whether to run the exported file and the Keras model on the test images."""
    space: dict[str, Any]
    """Arguments of `tuner.space.load_space`, for models with layers of the space's own."""
    data: dict[str, Any] | None
    """Fields of a `tuner.data.DataSet`; None where no images are needed."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(dataclasses.asdict(self))

    def dataset(self) -> DataSet | None:
        """The images to calibrate with and to measure on."""
        return None if self.data is None else DataSet.of(self.data)


@dataclass(frozen=True)
class Measured:
    """What the exported file and the Keras model say of the same test images."""

    images: int
    accuracy: float
    """Of the exported file, run by its format's own runtime; a fraction."""
    keras_accuracy: float
    agreement: float
    """Fraction of the images to which both give the same class."""
    runtime: str

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
    macs: int
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
