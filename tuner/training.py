"""Trains one Keras model, epoch by epoch; knows nothing of Optuna."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuner.data.augmentation import Augmentation
from tuner.engines import Engine, engine_for, even
from tuner.errors import SpaceError
from tuner.record import Epoch

DEFAULT_BATCH_SIZE = 128
EVALUATION_BATCH_SIZE = 512
SETTLING = 1_024
"""Training images from which batch normalisation's statistics are taken after each epoch; 1,000
and 4,000 gave the same validation accuracy within 0.4 points on CIFAR-10."""

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
    settled: bool = True,
    pause: Callable[[], None] | None = None,
) -> Generator[Epoch, None, None]:
    """Trains a compiled model and yields what each epoch gave, up to `horizon` epochs.

    The caller stops by asking for no more. A loss that is no longer finite is yielded, not raised.

    Args:
        model: A compiled Keras model with ``accuracy`` among its metrics.
        images: What to train and to validate on; without validation images an epoch's ``val_*``
            are NaN.
        horizon: The most epochs.
        batch_size: Images a step.
        augmentation: What is done to the training images, anew in each epoch.
        seed: Seed of order and augmentation; the model's own randomness is the caller's to seed.
        settled: Whether batch normalisation's moving averages are made those of the present
            weights after each epoch, from `SETTLING` training images; else they lag behind.
        pause: Called every few thousand images; may raise to end the training there.

    Raises:
        SpaceError: The model reports no accuracy.
    """
    rng = np.random.default_rng(seed)
    one_hot = wants_one_hot(model)
    y_train, y_validation = (
        encode(y, images.num_classes) if one_hot else y
        for y in (images.y_train, images.y_validation)
    )
    known = images.x_train[_sample(len(y_train), SETTLING, seed)] if settled else None
    with contextlib.closing(engine_for(model)) as engine:
        for number in range(1, horizon + 1):
            started = time.monotonic()
            engine.begin()
            order = rng.permutation(len(y_train))
            for rows in _chunks(order, engine.chunk(images.x_train), batch_size):
                draws = augmentation.draw((len(rows), *images.x_train.shape[1:]), rng)
                engine.train(images.x_train, y_train, batch_size, rows, draws)
                if pause is not None:
                    pause()
            learnt = engine.results()
            if known is not None:
                engine.settle(known, min(max(batch_size, 64), 256))
            seen = _validate(engine, images.x_validation, y_validation)
            yield Epoch(
                epoch=number,
                loss=learnt["loss"],
                accuracy=_accuracy(learnt),
                val_loss=seen["loss"],
                val_accuracy=_accuracy(seen),
                seconds=round(time.monotonic() - started, 3),
            )


def _chunks(order: Array, size: int | None, batch_size: int) -> Iterator[Array]:
    """Parts of whole minibatches, of about `size` images; the last takes what is left."""
    step = len(order) if size is None else max(size // batch_size, 1) * batch_size
    for start in range(0, len(order), step):
        yield order[start : start + step]


def _sample(count: int, most: int, seed: int) -> Array:
    """So many of `count` rows, in ascending order."""
    rows: Array = np.random.default_rng([seed, 1]).choice(count, min(count, most), replace=False)
    return np.sort(rows)


def _validate(engine: Engine, x: Array, y: Array) -> dict[str, float]:
    if not len(y):
        return {"loss": math.nan, "accuracy": math.nan}
    engine.begin()
    if (chunk := engine.chunk(x)) is None:
        engine.test(x, y, EVALUATION_BATCH_SIZE)
    else:
        for rows in _chunks(np.arange(len(y)), chunk, EVALUATION_BATCH_SIZE):
            engine.test(x[rows[0] : rows[-1] + 1], y[rows], EVALUATION_BATCH_SIZE)
    return engine.results()


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
    """The class that the model takes each image for.

    Args:
        model: Gives a number for each class.
        x: uint8, [n, height, width, channels].
        num_classes: How many classes there are.

    Returns:
        int64, [n].

    Raises:
        SpaceError: The model's output is not one number a class.
    """
    size = even(len(x), EVALUATION_BATCH_SIZE) or EVALUATION_BATCH_SIZE
    scores = np.asarray(model.predict(x, batch_size=size, verbose=0))
    if scores.shape != (len(x), num_classes):
        raise SpaceError(
            f"the model's output has the shape {scores.shape[1:]} for an image; "
            f"it must give one number for each of the {num_classes} classes."
        )
    found: Array = scores.argmax(axis=1).astype(np.int64)
    return found


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
    """Whether the loss is no longer a finite number; without validation, that of training."""
    validated = not math.isnan(epoch.val_accuracy)
    return not (math.isfinite(epoch.loss) and (not validated or math.isfinite(epoch.val_loss)))


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
