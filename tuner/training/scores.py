"""What a trained model makes of examples: scores, and which classes it confuses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tuner.errors import SpaceError
from tuner.training.engines import even
from tuner.training.labels import Array
from tuner.training.loop import evaluation_batch_size


def confusion(labels: Array, predicted: Array, num_classes: int) -> Array:
    """Images by true (row) and predicted (column) class.

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


def predict(model: Any, x: Array, num_classes: int) -> Array:
    """What the model gives for each image.

    Args:
        model: Gives a number for each class.
        x: uint8, [n, height, width, channels].
        num_classes: How many classes there are.

    Returns:
        One number for each class, [n, num_classes]; the highest is the class's.

    Raises:
        SpaceError: The model's output is not one number a class.
    """
    most = evaluation_batch_size(x)
    size = even(len(x), most) or most
    scores: Array = np.asarray(model.predict(x, batch_size=size, verbose=0))
    if scores.shape == (len(x), 1) and num_classes == 2:
        # One number for two classes: it is the second from one half on.
        scores = np.concatenate([np.full_like(scores, 0.5), scores], axis=1)
    if scores.shape != (len(x), num_classes):
        raise SpaceError(
            f"the model's output has the shape {scores.shape[1:]} for an image; "
            f"it must give one number for each of the {num_classes} classes."
        )
    return scores
