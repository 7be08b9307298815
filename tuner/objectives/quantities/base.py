"""What every quantity can say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from tuner.objectives.model_cost import ModelCost


class Quantity(ABC):
    """Something of a model that is minimised.

    Attributes:
        name: As a study file and the storage have it.
        unit: What is counted, in the plural.
        exact: Whether it is known before any training, so that a configuration that has too much
            of it is turned away untrained.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    exact: ClassVar[bool] = True

    @abstractmethod
    def of_cost(self, cost: ModelCost) -> int | None:
        """Of a model whose cost is known: counted when it was built, or worked out by its family.

        Returns:
            The number; None where it is not known of this model.
        """

    def of_file(self, file: Path) -> int | None:
        """Of an exported file; None where the file does not say."""
        return None
