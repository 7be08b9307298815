"""Layers of a model that do the same in another way for a while."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Patch:
    """Another method for some layers.

    Attributes:
        wanted: Whether a layer gets it.
        name: Of the method that it takes the place of.
        method: The method.
    """

    wanted: Callable[[Any], bool]
    name: str
    method: Callable[..., Any]

    def apply(self, model: Any) -> list[Any]:
        """Changes the wanted layers of a model, nested ones too.

        Returns:
            The layers that were changed, for `restore`.
        """
        found = [n for n in model._flatten_layers(include_self=False) if self.wanted(n)]
        for layer in found:
            setattr(layer, self.name, types.MethodType(self.method, layer))
        return found

    def restore(self, layers: list[Any]) -> None:
        """Makes them stock layers again."""
        for layer in layers:
            delattr(layer, self.name)
