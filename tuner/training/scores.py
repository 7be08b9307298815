"""What a trained model makes of examples: scores, and which classes it confuses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tuner.training.arrays import Array, Arrays, count_of
from tuner.training.engines import even
from tuner.training.loop import evaluation_batch_size
from tuner.training.readings import Reading


def confusion(labels: Array, predicted: Array, num_classes: int) -> Array:
    """Examples by true (row) and predicted (column) class.

    Args:
        labels: Class indices, [n].
        predicted: Class indices, [n].
        num_classes: How many classes there are.

    Returns:
        int64, [num_classes, num_classes].
    """
    cells = np.bincount(np.asarray(labels) * num_classes + predicted, minlength=num_classes**2)
    square: Array = cells.reshape(num_classes, num_classes)
    return square


def predict(model: Any, x: Arrays, reading: Reading | int) -> Array:
    """What the model gives for each example.

    Args:
        model: A Keras model, compiled or not.
        x: The examples.
        reading: How it was compiled, as `tuner.training.readings.reading_of` found; of a plain
            classifier the number of classes is enough.

    Returns:
        One number for each class, [n, classes]; the highest is the class's. Of regression the
        numbers themselves, [n] or [n, k].

    Raises:
        SpaceError: The model's output is not one number a class.
    """
    if isinstance(reading, int):
        reading = Reading("index", reading)
    return reading.scores(model, outputs_of(model, x))


def outputs_of(model: Any, x: Arrays) -> Any:
    """The model's own outputs for all examples, in its own structure."""
    most = evaluation_batch_size(x)
    size = even(count_of(x), most) or most
    return model.predict(x, batch_size=size, verbose=0)
