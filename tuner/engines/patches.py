"""Layers of a model that do the same in another way for a while."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any


def patch(
    model: Any, wanted: Callable[[Any], bool], name: str, method: Callable[..., Any]
) -> list[Any]:
    """Gives the wanted layers of a model, nested ones too, another method of this name.

    Returns:
        The layers that were changed, for `restore`.
    """
    layers = [layer for layer in model._flatten_layers(include_self=False) if wanted(layer)]
    for layer in layers:
        setattr(layer, name, types.MethodType(method, layer))
    return layers


def restore(layers: list[Any], name: str) -> None:
    """Makes them stock layers again."""
    for layer in layers:
        delattr(layer, name)
