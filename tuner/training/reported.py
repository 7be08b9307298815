"""Which of the numbers that a model reports is its accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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


def accuracy_of(
    model: Any, reported: Mapping[str, float], coding: Coding, *, logits: bool = False
) -> float | None:
    """The accuracy among what a model reports of its training or validation.

    Others are called accuracy too: the share of examples whose class is among the best five, or the
    share of right entries of one-hot labels, which is high for a model that has learnt nothing.

    Args:
        model: A compiled Keras model that has seen examples.
        reported: Its metrics by name.
        coding: How its labels are coded.
        logits: Whether it gives logits.

    Returns:
        The accuracy; None where the model reports none.
    """
    for metric in _metrics(model):
        if not _is_accuracy(metric, coding, 0.0 if logits else 0.5):
            continue
        for name in (metric.name, *(f"{o}_{metric.name}" for o in _output_names(model))):
            if name in reported:
                return reported[name]
    known = {metric.name for metric in _metrics(model)}
    for name in NAMES:  # a model of its own way may report what it has no metric for
        if name in reported and name not in known:
            return reported[name]
    return None


def _output_names(model: Any) -> list[str]:
    return list(getattr(model, "output_names", None) or ())


def _metrics(model: Any) -> Iterator[Any]:
    for metric in model.metrics:
        inner = getattr(metric, "metrics", None)
        yield from inner if isinstance(inner, list | tuple) else (metric,)


def _is_accuracy(metric: Any, coding: Coding, boundary: float) -> bool:
    import keras

    function = getattr(metric, "_fn", None)
    # One number is of the second class from a boundary on, which may be another than the loss's.
    if coding == "binary" and _boundary(metric) not in (None, boundary):
        return False
    if isinstance(metric, getattr(keras.metrics, CLASSES[coding])):
        return True
    if getattr(function, "__module__", "").startswith("keras."):
        return getattr(function, "__name__", "") == FUNCTIONS[coding]
    # One of the user's own is taken at its word, until a model is kept for it.
    own = function is not None or not type(metric).__module__.startswith("keras.")
    return own and metric.name in NAMES


def _boundary(metric: Any) -> float | None:
    """From which number on a metric of Keras's takes it for the second class."""
    function, given = getattr(metric, "_fn", None), getattr(metric, "_fn_kwargs", None) or {}
    if getattr(function, "__name__", "") != FUNCTIONS["binary"]:
        return None
    return float(given.get("threshold", 0.5))
