"""The models of people's own spaces in the form that is exported: examples in, scores out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuner.errors import ExportError
from tuner.exports.inputs import Inputs


def as_graph(
    model: Any, inputs: Inputs | Sequence[int], *, classes: bool = True, logits: bool = False
) -> Any:
    """A graph with a score for each class, or with amounts.

    Args:
        model: A Keras model; one of a user's own class has no graph, and one with a single number
            for two classes no score for the first of them.
        inputs: What it takes, or the (height, width, channels) of an image.
        classes: Whether it gives classes, not amounts.
        logits: Whether a single number for two classes is a logit.

    Returns:
        A model from examples, [n, ...], to scores, [n, classes] or [n, amounts].

    Raises:
        ExportError: The model has several inputs where the data has one, or several outputs.
    """
    import keras

    inputs = inputs if isinstance(inputs, Inputs) else Inputs.of(inputs)
    given = getattr(model, "inputs", None) or ()
    if inputs.single and len(given) > 1:
        raise ExportError("only a model with one input, a batch of images, can be exported.")
    if not given:
        made = {n: keras.Input(s, dtype=inputs.dtypes[n]) for n, s in inputs.shapes.items()}
        if inputs.images:
            made = {n: keras.Input(s) for n, s in inputs.shapes.items()}
        tensors = next(iter(made.values())) if inputs.single else made
        model = keras.Model(tensors, model(tensors), name=model.name)
    flat = keras.tree.flatten(model.outputs)
    if len(flat) != 1:
        raise ExportError(
            f"the model has {len(flat)} outputs ({', '.join(model.output_names)}), and an exported "
            "file has one: make a model of the output that you need from the study's .keras file."
        )
    (scores,) = flat
    if not classes or tuple(scores.shape[1:]) != (1,):
        return model
    if logits:
        scores = keras.layers.Activation("sigmoid")(scores)
    # Above one half the second class wins: then it is larger than what is left to one.
    first = keras.layers.Rescaling(-1.0, offset=1.0)(scores)
    both = keras.layers.Concatenate()([first, scores])
    return keras.Model(model.inputs, both, name=model.name)
