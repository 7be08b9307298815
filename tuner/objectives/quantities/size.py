"""How many numbers a model learns."""

from __future__ import annotations

from typing import ClassVar

from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities.base import Quantity


class Size(Quantity):
    """Trainable parameters."""

    name: ClassVar[str] = "size"
    unit: ClassVar[str] = "parameters"

    def of_cost(self, cost: ModelCost) -> int:
        """Moving statistics are not counted."""
        return cost.size
