"""Trains one Keras model, epoch by epoch; knows nothing of Optuna."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.data.augmentation import Augmentation
from tuner.errors import SpaceError
from tuner.record import Epoch

DEFAULT_BATCH_SIZE = 128
EVALUATION_BATCH_SIZE = 512

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Images:
    """What one training uses.

    Attributes:
        x_train: uint8, [n, height, width, channels].
        y_train: int64 class indices, [n].
        x_validation: uint8, [m, height, width, channels].
        y_validation: int64 class indices, [m].
        num_classes: How many classes there are.
    """

    x_train: Array
    y_train: Array
    x_validation: Array
    y_validation: Array
    num_classes: int


def epochs(
    model: Any,
    images: Images,
    *,
    horizon: int,
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
) -> Iterator[Epoch]:
    """Trains a compiled model and yields what each epoch gave, up to `horizon` epochs.

    The caller stops by asking for no more. A loss that is no longer finite is yielded, not raised.

    Args:
        model: A compiled Keras model with ``accuracy`` among its metrics.
        images: What to train and to validate on.
        horizon: The most epochs.
        batch_size: Images a step.
        augmentation: What is done to the training images, anew in each epoch.
        seed: Seed of the augmentation; the model's own randomness is the caller's to seed.

    Raises:
        SpaceError: The model reports no accuracy.
    """
    rng = np.random.default_rng(seed)
    one_hot = wants_one_hot(model)
    y_train = encode(images.y_train, images.num_classes) if one_hot else images.y_train
    y_validation = (
        encode(images.y_validation, images.num_classes) if one_hot else images.y_validation
    )
    for number in range(1, horizon + 1):
        started = time.monotonic()
        logs = model.fit(
            augmentation(images.x_train, rng),
            y_train,
            batch_size=batch_size,
            initial_epoch=number - 1,
            epochs=number,
            verbose=0,
        ).history
        seen = model.evaluate(
            images.x_validation,
            y_validation,
            batch_size=EVALUATION_BATCH_SIZE,
            verbose=0,
            return_dict=True,
        )
        yield Epoch(
            epoch=number,
            loss=float(logs["loss"][-1]),
            accuracy=float(_accuracy({k: v[-1] for k, v in logs.items()})),
            val_loss=float(seen["loss"]),
            val_accuracy=float(_accuracy(seen)),
            seconds=round(time.monotonic() - started, 3),
        )


def wants_one_hot(model: Any) -> bool:
    """Whether the model's loss takes one-hot labels rather than class indices."""
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else type(loss).__name__
    name = getattr(loss, "__name__", name)
    return "sparse" not in name.lower()


def encode(labels: Array, num_classes: int) -> Array:
    """One-hot labels.

    Args:
        labels: Class indices, [n].
        num_classes: How many classes there are.

    Returns:
        float32, [n, num_classes].
    """
    table: Array = np.eye(num_classes, dtype=np.float32)
    rows: Array = table[np.asarray(labels)]
    return rows


def diverged(epoch: Epoch) -> bool:
    """Whether the loss is no longer a finite number."""
    return not (math.isfinite(epoch.loss) and math.isfinite(epoch.val_loss))


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception, of whatever backend, says that memory ran out."""
    text = f"{type(error).__name__} {error}".lower()
    signs = ("out of memory", "resource_exhausted", "resourceexhausted", "oom when")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)


def _accuracy(logs: dict[str, float]) -> float:
    for name, value in logs.items():
        if name.removeprefix("val_") in ("accuracy", "acc") or name.endswith("_accuracy"):
            return value
    raise SpaceError(
        f"the model reports no accuracy but {', '.join(logs)}; "
        "compile it with metrics=['accuracy'] in the search space's build()."
    )
