"""What a configuration costs, worked out from its values without building a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities import DEFAULT_QUANTITY, Quantity
from tuner.spaces.configurations import decode
from tuner.spaces.exploration import explore

# Fitted to 23 residual networks of a search on two AVX2 cores: the seconds an epoch came out within
# 20 %, and within 40 % by their multiply-accumulates alone.
MACS_OF_AN_IMAGE = 500_000
"""What an image costs in a training besides its own network, in multiply-accumulates."""

MACS_OF_AN_ACTIVATION = 30
"""What it costs to write an activation, read it again and do both on the way back."""


class Cost(Protocol):
    """What ``measure`` answers."""

    @property
    def size(self) -> int:
        """Trainable parameters."""

    @property
    def total(self) -> int:
        """All parameters."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""


def size_of(
    hypermodel: Any, quantity: Quantity = DEFAULT_QUANTITY
) -> Callable[[dict[str, Any]], int] | None:
    """How large the model of a configuration is, without building it.

    Args:
        hypermodel: The space.
        quantity: What of the model.

    Returns:
        A function of Optuna's params, of which there may be more than are active, that raises
        ValueError where no model can be built; None where the space offers no ``measure``, or the
        quantity does not follow from what it answers.
    """
    measure = _measure(hypermodel)
    if measure is None or quantity.of_cost(ModelCost(size=1, total_size=1, macs=1)) is None:
        return None

    def size(params: dict[str, Any]) -> int:
        cost = measure(params)
        found = quantity.of_cost(ModelCost(cost.size, cost.total, cost.macs))
        assert found is not None
        return found

    return size


def measured(hypermodel: Any, values: Mapping[str, Any], quantity: Quantity) -> int | None:
    """What a space's ``measure`` says of a configuration; None where it does not say.

    Args:
        hypermodel: The space.
        values: The configuration, by keras-tuner's names.
        quantity: What of the model.
    """
    measure = getattr(hypermodel, "measure", None)
    if measure is None:
        return None
    cost = measure(values)
    return quantity.of_cost(ModelCost(cost.size, cost.total, cost.macs))


def epoch_cost_of(hypermodel: Any) -> Callable[[dict[str, Any]], float] | None:
    """What an epoch of a configuration costs, in multiply-accumulates an image, and what is like.

    Args:
        hypermodel: The space.

    Returns:
        A function of Optuna's params, as that of `size_of`.
    """
    measure = _measure(hypermodel)
    if measure is None:
        return None

    def cost(params: dict[str, Any]) -> float:
        found = measure(params)
        activations = getattr(found, "activations", 0)
        return MACS_OF_AN_IMAGE + found.macs + MACS_OF_AN_ACTIVATION * float(activations)

    return cost


def _measure(hypermodel: Any) -> Callable[[dict[str, Any]], Cost] | None:
    measure: Callable[[Mapping[str, Any]], Cost] | None = getattr(hypermodel, "measure", None)
    if measure is None:
        return None
    found = explore(hypermodel) if hasattr(hypermodel, "describe") else None
    # Walking the space to translate is far slower than measuring: only where something differs.
    same = found is None or all(c.plain and n in found.names for n, c in found.codes.items())
    return measure if same else lambda params: measure(decode(hypermodel, params))
