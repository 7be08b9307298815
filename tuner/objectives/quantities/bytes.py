"""How much memory a model's weights take."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities.base import Quantity


class Bytes(Quantity):
    """Bytes of all parameters in float32."""

    name: ClassVar[str] = "bytes"
    unit: ClassVar[str] = "bytes"

    def of_cost(self, cost: ModelCost) -> int:
        """Moving statistics included: they are delivered with the model."""
        return cost.bytes

    def of_file(self, file: Path) -> int:
        """Of the whole file."""
        return file.stat().st_size
