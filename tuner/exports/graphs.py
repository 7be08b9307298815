"""The models of people's own spaces in the form that is exported: images in, a score a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuner.errors import ExportError


def as_graph(model: Any, image_shape: Sequence[int]) -> Any:
    """A graph of one input and a score for each class.

    Args:
        model: A Keras model; one of a user's own class has no graph, and one with a single number
            for two classes no score for the first of them.
        image_shape: (height, width, channels) of an image.

    Returns:
        A model from images, [n, height, width, channels], to scores, [n, classes].

    Raises:
        ExportError: The model has several inputs.
    """
    import keras

    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) > 1:
        raise ExportError("only a model with one input, a batch of images, can be exported.")
    if not inputs:
        images = keras.Input(tuple(image_shape))
        model = keras.Model(images, model(images), name=model.name)
    (scores,) = keras.tree.flatten(model.outputs)
    if tuple(scores.shape[1:]) != (1,):
        return model
    # Above one half the second class wins: then it is larger than what is left to one.
    first = keras.layers.Rescaling(-1.0, offset=1.0)(scores)
    both = keras.layers.Concatenate()([first, scores])
    return keras.Model(model.inputs, both, name=model.name)
