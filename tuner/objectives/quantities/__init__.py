"""Quantities: each is something of a model that a search keeps small, one class a module.

A new one is a module here and a line in `QUANTITIES`. What a model costs is counted by
`tuner.objectives.model_cost`.
"""

from __future__ import annotations

from tuner.objectives.quantities.base import Quantity
from tuner.objectives.quantities.bytes import Bytes
from tuner.objectives.quantities.macs import Macs
from tuner.objectives.quantities.size import Size

__all__ = ["DEFAULT_QUANTITY", "QUANTITIES", "Quantity", "quantity_of"]

QUANTITIES: dict[str, Quantity] = {q.name: q for q in (Size(), Macs(), Bytes())}
"""By name, as a study file and the storage have it."""
DEFAULT_QUANTITY = QUANTITIES["size"]
"""Of a study that names none."""


def quantity_of(name: str) -> Quantity:
    """The quantity of that name.

    Raises:
        ValueError: There is none.
    """
    if name not in QUANTITIES:
        *others, last = map(repr, QUANTITIES)
        raise ValueError(f"should be {', '.join(others)} or {last}")
    return QUANTITIES[name]
