"""How much memory a Keras model's activations take at the peak, for one image.

Tensors are followed through the layer graph in the order in which Keras runs it. A tensor lives
from the layer that makes it to the last one that reads it, and while a layer runs, both what it
reads and what it makes are in memory. A layer that only maps each value (an activation, batch
normalisation, dropout, rescaling, a change of shape) writes over what it reads where nobody else
reads that later: converters fuse it into the layer before. Weights, and the scratch memory of a
kernel, are not counted.
"""

from __future__ import annotations

import math
from typing import Any

ELEMENTWISE = frozenset(
    {
        "Activation",
        "BatchNormalization",
        "Dropout",
        "ELU",
        "Flatten",
        "LayerNormalization",
        "LeakyReLU",
        "Normalization",
        "PReLU",
        "ReLU",
        "Rescaling",
        "Reshape",
        "Softmax",
        "SpatialDropout2D",
    }
)
"""Layers that need no memory of their own, by the name of their class."""
_WIDTHS = {"bool": 1, "uint8": 1, "int8": 1, "float64": 8, "int64": 8}


def peak(model: Any, *, int8: bool = False) -> int | None:
    """Estimates the bytes of all activations that are alive together, at the worst moment.

    Args:
        model: A functional or sequential model, others inside it included.
        int8: Whether activations are quantised to one byte a value; else as the graph says,
            four bytes for float32.

    Returns:
        Bytes for a batch of one image; None where the model has no layer graph (a subclass of
        `keras.Model` with a call() of its own).
    """
    nodes = _nodes(model)
    if nodes is None:
        return None
    last = {id(t): at for at, node in enumerate(nodes) for t in node.input_tensors}
    last |= {id(t): len(nodes) for t in model.outputs}
    live: dict[int, int] = {}
    highest = 0
    for at, node in enumerate(nodes):
        made = {id(t): _bytes(t, int8) for t in node.output_tensors}
        read = {id(t): _bytes(t, int8) for t in node.input_tensors}
        inside = _inside(node.operation, sum(read.values()), int8)
        if _in_place(node, at, last) and sum(made.values()) <= sum(read.values()):
            for dead in read:
                live.pop(dead)
        highest = max(highest, sum(live.values()) + max(sum(made.values()), inside))
        live |= made
        live = {t: size for t, size in live.items() if last.get(t, -1) > at}
    return highest


def _nodes(model: Any) -> list[Any] | None:
    """The graph's nodes in the order in which Keras runs them."""
    functional = getattr(model, "_functional", model)  # of a Sequential
    by_depth = getattr(functional, "_nodes_by_depth", None)
    if not by_depth:
        return None
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def _in_place(node: Any, at: int, last: dict[int, int]) -> bool:
    """Whether a node may write over the only tensor that it reads."""
    inputs = {id(t) for t in node.input_tensors}
    elementwise = type(node.operation).__name__ in ELEMENTWISE
    return elementwise and len(inputs) == 1 and all(last[t] == at for t in inputs)


def _inside(operation: Any, given: int, int8: bool) -> int:
    """What a model within the model needs beyond its inputs, which are counted already."""
    if not hasattr(operation, "layers"):
        return 0
    return max((peak(operation, int8=int8) or 0) - given, 0)


def _bytes(tensor: Any, int8: bool) -> int:
    values = int(math.prod(d or 1 for d in tensor.shape))
    width = _WIDTHS.get(str(tensor.dtype), 2 if "16" in str(tensor.dtype) else 4)
    return values * (1 if int8 else width)
