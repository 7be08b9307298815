"""How much a model multiplies."""

from __future__ import annotations

from typing import ClassVar

from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities.base import Quantity


class Macs(Quantity):
    """Multiply-accumulates of one example."""

    name: ClassVar[str] = "macs"
    unit: ClassVar[str] = "MACs"

    def of_cost(self, cost: ModelCost) -> int | None:
        """None where a part of the model could not be watched."""
        return cost.macs
