"""What the process that converts a model is told, and what it answers; imports no backend."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tuner.data import DataSet, open_again
from tuner.objectives.direction import Direction
from tuner.objectives.metrics import DEFAULT_METRIC, Metric, metric_of

Format = Literal["keras", "tflite", "onnx"]

FORMATS: tuple[Format, ...] = get_args(Format)

INPUT = "images"
"""Name of the exported models' input where it is an image in bytes."""


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
    """Whether to run the exported file and the Keras model on images."""
    images: Literal["test", "validation"]
    """Which: test images only of a model that was tested on them before, so that no export reads
    any that a proof may still need."""
    space: dict[str, Any]
    """Arguments of `tuner.spaces.loading.load_space`, for models with layers of the space's own."""
    data: dict[str, Any] | None
    """What `tuner.data.open_again` takes; None where no examples are needed."""
    metric: str = DEFAULT_METRIC.name
    """What the study measures."""
    metric_direction: Direction | None = None
    """Which way a metric of the user's own gets better."""
    carried: dict[str, str] = dataclasses.field(default_factory=dict)
    """The space and the metric where no file holds them, as `tuner.spaces.carried` sends them."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(dataclasses.asdict(self))

    @property
    def classes(self) -> bool:
        """Whether the model gives classes, not amounts."""
        return bool(self.space.get("task", "classification") == "classification")

    @property
    def measures(self) -> Metric:
        """What the study measures."""
        return metric_of(self.metric, self.metric_direction)

    def dataset(self) -> DataSet | None:
        """The examples to calibrate with and to measure on."""
        return None if self.data is None else open_again(**self.data)
