"""What a model gives for an example: how many numbers, behind which activation, by which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuner.errors import SpaceError
from tuner.training.arrays import Arrays

ONE = "one number for each class"


@dataclass(frozen=True)
class Output:
    """The output of a model that is measured.

    Attributes:
        units: Numbers that it gives for an example.
        activation: Name of the activation that it ends with; empty where that is not known.
    """

    units: int
    activation: str


def output_of(model: Any, example: Arrays, name: str | None, wanted: str = ONE) -> Output:
    """Looks at one output of a model.

    Args:
        model: A Keras model.
        example: A batch of one example.
        name: Of the output; None where the model is to have only one.
        wanted: What it is to give, in words.

    Raises:
        SpaceError: There is no such output, or it does not give numbers for an example.
    """
    # A graph says it at once; a model of one's own class is called.
    graph = getattr(model, "outputs", None)
    given = getattr(model, "_outputs_struct", graph) if graph else model(example)
    tensor = chosen(model, given, name, wanted)
    shape = tuple(tensor.shape)
    if len(shape) != 2:
        raise SpaceError(
            f"the model's output has the shape {shape[1:]} for an example; end build() with a "
            f"layer that gives {wanted}, such as Flatten and Dense."
        )
    return Output(int(shape[1]), _activation(model, tensor))


def chosen(model: Any, given: Any, name: str | None, wanted: str = ONE) -> Any:
    """One output of what a model gives.

    Args:
        model: Gave it.
        given: A tensor or an array, or a structure of them.
        name: As in `output_of`.
        wanted: As there.

    Raises:
        SpaceError: There is no such output.
    """
    import keras

    if name is None:
        return _single(given, wanted)
    if isinstance(given, Mapping):
        named = dict(given)
    else:
        names = list(getattr(model, "output_names", None) or ())
        flat = keras.tree.flatten(given)
        names = names if len(names) == len(flat) else [str(i) for i in range(len(flat))]
        named = dict(zip(names, flat, strict=True))
    if name not in named:
        raise SpaceError(
            f"the model has no output {name!r} but {', '.join(map(repr, named))}; name one of them "
            "in metric_output."
        )
    return named[name]


def _single(given: Any, wanted: str) -> Any:
    import keras

    if isinstance(given, Mapping):
        raise SpaceError(
            "the model's output is a dict; give the tensor in it, or name one of its outputs in "
            "the study's key metric_output."
        )
    flat = keras.tree.flatten(given)
    if len(flat) != 1:
        raise SpaceError(
            f"the model has {len(flat)} outputs; give it one, of {wanted}, or name the one that "
            "is measured in the study's key metric_output."
        )
    return flat[0]


def _activation(model: Any, tensor: Any) -> str:
    """Of the layer that gives a tensor, where that is known."""
    history = getattr(tensor, "_keras_history", None)
    last = getattr(history, "operation", None) or (getattr(model, "layers", None) or [None])[-1]
    if type(last).__name__ in ("Softmax", "Sigmoid"):
        return type(last).__name__.lower()
    return str(getattr(getattr(last, "activation", None), "__name__", ""))
