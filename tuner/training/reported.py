"""Which of the numbers that a model reports is its accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuner.errors import SpaceError
from tuner.training.labels import Coding

NAMES = ("accuracy", "acc")
CLASSES: Mapping[Coding, str] = {
    "index": "SparseCategoricalAccuracy",
    "one_hot": "CategoricalAccuracy",
    "binary": "BinaryAccuracy",
}
"""Keras's metric that is the accuracy, by how the labels are coded."""
FUNCTIONS: Mapping[Coding, str] = {
    "index": "sparse_categorical_accuracy",
    "one_hot": "categorical_accuracy",
    "binary": "binary_accuracy",
}


def accuracy_of(model: Any, reported: Mapping[str, float], coding: Coding) -> float:
    """The accuracy among what a model reports of its training or validation.

    Others are called accuracy too: the share of images whose class is among the best five, or the
    share of right entries of one-hot labels, which is high for a model that has learnt nothing.

    Args:
        model: A compiled Keras model that has seen images.
        reported: Its metrics by name.
        coding: How its labels are coded.

    Raises:
        SpaceError: The model reports no accuracy.
    """
    for metric in _metrics(model):
        if not _is_accuracy(metric, coding):
            continue
        for name in (metric.name, *(f"{o}_{metric.name}" for o in _output_names(model))):
            if name in reported:
                return reported[name]
    known = {metric.name for metric in _metrics(model)}
    for name in NAMES:  # a model of its own way may report what it has no metric for
        if name in reported and name not in known:
            return reported[name]
    kinds = {metric.name: type(metric).__name__ for metric in _metrics(model)}
    told = (f"{n} (a {kinds[n]})" if n in NAMES and n in kinds else n for n in reported)
    raise SpaceError(
        f"the model reports no accuracy but {', '.join(told)}; "
        "compile it with metrics=['accuracy'] in the search space's build()."
    )


def _output_names(model: Any) -> list[str]:
    return list(getattr(model, "output_names", None) or ())


def _metrics(model: Any) -> Iterator[Any]:
    for metric in model.metrics:
        inner = getattr(metric, "metrics", None)
        yield from inner if isinstance(inner, list | tuple) else (metric,)


def _is_accuracy(metric: Any, coding: Coding) -> bool:
    import keras

    if isinstance(metric, getattr(keras.metrics, CLASSES[coding])):
        return True
    function = getattr(metric, "_fn", None)
    if getattr(function, "__module__", "").startswith("keras."):
        return getattr(function, "__name__", "") == FUNCTIONS[coding]
    # One of the user's own is taken at its word, until a model is kept for it.
    own = function is not None or not type(metric).__module__.startswith("keras.")
    return own and metric.name in NAMES
