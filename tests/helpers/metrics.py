"""A metric of which less is better: no built-in one is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tuner.objectives.metrics import Metric


class Error(Metric):
    """The mean absolute error."""

    name: ClassVar[str] = "error"
    greater_is_better: ClassVar[bool] = False
    worst: ClassVar[float] = 10.0
    best: ClassVar[float] = 0.0

    def of(self, y_true: np.ndarray, scores: np.ndarray) -> float:
        return float(np.abs(y_true - scores).mean())

    def margin(self, examples: int) -> float:
        return 0.25

    def written(self, value: float, digits: int = 1) -> str:
        return f"{value:.{digits}f}"
