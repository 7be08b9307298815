"""Trains one Keras model, epoch by epoch; knows nothing of Optuna."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.records.epochs import Epoch
from tuner.training.augmentation import Augmentation
from tuner.training.checkpoints import Checkpoint
from tuner.training.engines import Engine, engine_for, within
from tuner.training.labels import Array, coding_of, encode
from tuner.training.reported import accuracy_of

DEFAULT_BATCH_SIZE = 128

EVALUATION_BATCH_SIZE = 512
EVALUATION_SHARE = 4
"""Of large images a minibatch of that kind takes `tuner.training.engines.PIECE` divided by this."""

SETTLING = 1_024
"""Training images from which batch normalisation's statistics are taken after each epoch; 1,000
and 4,000 gave the same validation accuracy within 0.4 points on CIFAR-10."""


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
    checkpoint: Checkpoint | None = None,
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
        checkpoint: Where the training was when its process died: goes on behind those epochs,
            which are not yielded again, and keeps where it has come to after each further one.

    Raises:
        SpaceError: The model gives no number for each class, its loss does not take their labels,
            or it reports no accuracy.
    """
    rng = np.random.default_rng(seed)
    coding = coding_of(model, images.x_train[:1], images.num_classes)
    y_train, y_validation = (
        encode(y, images.num_classes, coding) for y in (images.y_train, images.y_validation)
    )
    most = within(images.x_train, SETTLING)
    known = images.x_train[_sample(len(y_train), most, seed)] if settled else None
    done = 0 if checkpoint is None else checkpoint.resume(model, rng)
    with contextlib.closing(engine_for(model)) as engine:
        for number in range(done + 1, horizon + 1):
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
                engine.settle(known, _settling_batch(known, batch_size))
            seen = _validate(engine, images.x_validation, y_validation, pause)
            epoch = Epoch(
                epoch=number,
                loss=learnt["loss"],
                measured=accuracy_of(model, learnt, coding),
                val_loss=seen.get("loss", math.nan),
                val_measured=accuracy_of(model, seen, coding) if seen else math.nan,
                seconds=round(time.monotonic() - started, 3),
            )
            if checkpoint is not None:
                checkpoint.keep(model, rng, epoch)
            yield epoch


def _chunks(order: Array, size: int | None, batch_size: int) -> Iterator[Array]:
    """Parts of whole minibatches, of about `size` images; the last takes what is left."""
    step = len(order) if size is None else max(size // batch_size, 1) * batch_size
    for start in range(0, len(order), step):
        yield order[start : start + step]


def _sample(count: int, most: int, seed: int) -> Array:
    """So many of `count` rows, in ascending order."""
    rows: Array = np.random.default_rng([seed, 1]).choice(count, min(count, most), replace=False)
    return np.sort(rows)


def _settling_batch(x: Array, batch_size: int) -> int:
    """Enough images for statistics, but of large ones no more than a step takes."""
    wanted = min(max(batch_size, 64), 256)
    return wanted if evaluation_batch_size(x) >= wanted else min(batch_size, wanted)


def evaluation_batch_size(x: Array) -> int:
    """Images of a minibatch where nothing is learned: layers give many numbers for each pixel."""
    return max(1, within(x, EVALUATION_SHARE * EVALUATION_BATCH_SIZE) // EVALUATION_SHARE)


def _validate(
    engine: Engine, x: Array, y: Array, pause: Callable[[], None] | None
) -> dict[str, float]:
    if not len(y):
        return {}
    engine.begin()
    size = evaluation_batch_size(x)
    if (chunk := engine.chunk(x)) is None:
        engine.test(x, y, size)
    else:
        for rows in _chunks(np.arange(len(y)), chunk, size):
            engine.test(x[rows[0] : rows[-1] + 1], y[rows], size)
            if pause is not None:
                pause()
    return engine.results()
