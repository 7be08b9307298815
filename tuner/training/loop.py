"""Trains one Keras model, epoch by epoch; knows nothing of Optuna."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import numpy as np

from tuner.objectives.metrics import DEFAULT_METRIC, Metric
from tuner.records.epochs import Epoch
from tuner.training.arrays import Array, Arrays, count_of, some
from tuner.training.augmentation import Augmentation
from tuner.training.checkpoints import Checkpoint
from tuner.training.engines import Engine, engine_for, within
from tuner.training.examples import Examples
from tuner.training.piped import piped_epochs
from tuner.training.readings import Reading, reading_of
from tuner.training.reported import accuracy_of

__all__ = ["DEFAULT_BATCH_SIZE", "Examples", "epochs", "evaluation_batch_size"]

DEFAULT_BATCH_SIZE = 128

EVALUATION_BATCH_SIZE = 512
EVALUATION_SHARE = 4
"""Of large examples such a minibatch takes `tuner.training.engines.PIECE` divided by this."""

SETTLING = 1_024
"""Training examples from which batch normalisation's statistics are taken after each epoch; 1,000
and 4,000 gave the same validation accuracy within 0.4 points on CIFAR-10."""


def epochs(
    model: Any,
    examples: Examples,
    *,
    horizon: int,
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
    metric: Metric = DEFAULT_METRIC,
    settled: bool = True,
    pause: Callable[[], None] | None = None,
    checkpoint: Checkpoint | None = None,
    reading: Reading | None = None,
) -> Generator[Epoch, None, None]:
    """Trains a compiled model and yields what each epoch gave, up to `horizon` epochs.

    The caller stops by asking for no more. A loss that is no longer finite is yielded, not raised.

    Args:
        model: A compiled Keras model, with any metrics or none.
        examples: What to train and to validate on; without any of the latter an epoch's ``val_*``
            are NaN.
        horizon: The most epochs.
        batch_size: Examples a step.
        augmentation: What is done to the training examples, anew in each epoch.
        seed: Seed of order and augmentation; the model's own randomness is the caller's to seed.
        metric: What is measured of the predictions on all validation examples. The accuracy is
            taken from the model itself, where it reports it.
        settled: Whether batch normalisation's moving averages are made those of the present
            weights after each epoch, from `SETTLING` training examples; else they lag behind.
        pause: Called every few thousand examples; may raise to end the training there.
        checkpoint: Where the training was when its process died: goes on behind those epochs,
            which are not yielded again, and keeps where it has come to after each further one.
        reading: How the model takes answers; None: it is found out.

    Raises:
        SpaceError: The model does not give what the answers need, or its loss does not take them.
    """
    rng = np.random.default_rng(seed)
    reading = reading_of(model, examples) if reading is None else reading
    if examples.streams is not None:
        yield from piped_epochs(
            model,
            examples,
            horizon=horizon,
            seed=seed,
            metric=metric,
            reading=reading,
            settle=SETTLING if settled else 0,
            pause=pause,
            checkpoint=checkpoint,
        )
        return
    x, y = examples.x_train, reading.encode(examples.y_train)
    count = count_of(x)
    validation = _Validation(examples, reading, metric, pause)
    known = some(x, _sample(count, within(x, SETTLING), seed)) if settled else None
    done = 0 if checkpoint is None else checkpoint.resume(model, rng)
    with contextlib.closing(engine_for(model, x, y)) as engine:
        for number in range(done + 1, horizon + 1):
            started = time.monotonic()
            engine.begin()
            order = rng.permutation(count)
            for rows in _chunks(order, engine.chunk(x), batch_size):
                draws = augmentation.draw((len(rows), *x.shape[1:]), rng) if augmentation else None
                engine.train(x, y, batch_size, rows, draws, examples.weights)
                if pause is not None:
                    pause()
            learnt = engine.results()
            if known is not None:
                engine.settle(known, _settling_batch(known, batch_size))
            epoch = validation.epoch(model, engine, number, learnt, started)
            if checkpoint is not None:
                checkpoint.keep(model, rng, epoch)
            yield epoch


def _chunks(order: Array, size: int | None, batch_size: int) -> Iterator[Array]:
    """Parts of whole minibatches, of about `size` examples; the last takes what is left."""
    step = len(order) if size is None else max(size // batch_size, 1) * batch_size
    for start in range(0, len(order), step):
        yield order[start : start + step]


def _sample(count: int, most: int, seed: int) -> Array:
    """So many of `count` rows, in ascending order."""
    rows: Array = np.random.default_rng([seed, 1]).choice(count, min(count, most), replace=False)
    return np.sort(rows)


def _settling_batch(x: Arrays, batch_size: int) -> int:
    """Enough examples for statistics, but of large ones no more than a step takes."""
    wanted = min(max(batch_size, 64), 256)
    return wanted if evaluation_batch_size(x) >= wanted else min(batch_size, wanted)


def evaluation_batch_size(x: Arrays) -> int:
    """Examples of a minibatch where nothing is learned: layers give many numbers for each pixel."""
    return max(1, within(x, EVALUATION_SHARE * EVALUATION_BATCH_SIZE) // EVALUATION_SHARE)


class _Validation:
    """What an epoch is found to be worth.

    Args:
        examples: What is validated on.
        reading: How the model takes answers.
        metric: What is measured.
        pause: As in `epochs`.
    """

    def __init__(
        self,
        examples: Examples,
        reading: Reading,
        metric: Metric,
        pause: Callable[[], None] | None,
    ) -> None:
        self._examples = examples
        self._reading = reading
        self._metric = metric
        self._pause = pause
        self._y = reading.encode(examples.y_validation)

    def epoch(
        self, model: Any, engine: Engine, number: int, learnt: Mapping[str, float], started: float
    ) -> Epoch:
        """Validates an epoch.

        Args:
            model: As the epoch has left it.
            engine: Drives it.
            number: Of the epoch.
            learnt: What training has reported.
            started: When the epoch began, by `time.monotonic`.
        """
        seen = self._tested(engine)
        return Epoch(
            epoch=number,
            loss=learnt["loss"],
            measured=_or_nan(self._reported(model, learnt)),
            val_loss=seen.get("loss", math.nan),
            val_measured=self._measured(model, engine, seen) if seen else math.nan,
            seconds=round(time.monotonic() - started, 3),
        )

    def _measured(self, model: Any, engine: Engine, seen: Mapping[str, float]) -> float:
        """The metric on all validation examples."""
        if (said := self._reported(model, seen)) is not None:
            return said
        x = self._examples.x_validation
        scores = self._reading.scores(model, engine.predict(x, evaluation_batch_size(x)))
        if not np.isfinite(scores).all():
            return self._metric.worst
        return self._metric.of(self._examples.validated, scores)

    def _reported(self, model: Any, said: Mapping[str, float]) -> float | None:
        """The metric, where it is the accuracy and the model reports it."""
        reading = self._reading
        plain = reading.coding != "number" and reading.output is None
        if self._metric.name != "accuracy" or not plain:
            return None
        return accuracy_of(model, said, reading.coding, logits=reading.logits)

    def _tested(self, engine: Engine) -> dict[str, float]:
        """What the model reports of the validation examples; nothing where there are none."""
        x, y, weights = self._examples.x_validation, self._y, self._examples.validation_weights
        if not (count := count_of(x)):
            return {}
        engine.begin()
        size = evaluation_batch_size(x)
        if (chunk := engine.chunk(x)) is None:
            engine.test(x, y, size, weights)
            return engine.results()
        for rows in _chunks(np.arange(count), chunk, size):
            part = slice(rows[0], rows[-1] + 1)
            engine.test(x[part], y[part], size, None if weights is None else weights[part])
            if self._pause is not None:
                self._pause()
        return engine.results()


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
