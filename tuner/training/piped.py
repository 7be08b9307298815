"""Trains on iterators of the user's own, for examples that do not fit into memory.

Keras's `fit` drives them, an epoch at a time: order, augmentation and batches are theirs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from tuner.objectives.metrics import Metric
from tuner.records.epochs import Epoch
from tuner.training.arrays import Array, joined
from tuner.training.checkpoints import Checkpoint
from tuner.training.engines.fit import FitEngine
from tuner.training.examples import Examples
from tuner.training.losses import cost, loss_of
from tuner.training.readings import Reading
from tuner.training.reported import accuracy_of


def batches(stream: Any) -> Iterator[Any]:
    """Its batches as NumPy has them: examples and answers, and weights if any."""
    if hasattr(stream, "as_numpy_iterator"):
        yield from stream.as_numpy_iterator()
        return
    for number in range(int(stream.num_batches)):
        batch = stream[number]
        yield keras.tree.map_structure(np.asarray, tuple(batch))


def first_batch(stream: Any) -> tuple[Any, Any]:
    """Examples and answers of the first one."""
    batch = next(batches(stream))
    return batch[0], batch[1]


def classes_in(y: Any, reading: Reading) -> Array:
    """Answers as metrics take them: class indices, also of one-hot rows; or numbers."""
    found = np.asarray(y)
    if reading.coding == "number":
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    if found.ndim == 2:
        found = found.argmax(axis=1) if found.shape[1] > 1 else found[:, 0]
    return found.astype(np.int64)


def collect(model: Any, stream: Any, reading: Reading) -> tuple[Array, Array, float]:
    """The truth, a model's scores, and its loss; answers are taken as the examples come by.

    Args:
        model: A Keras model.
        stream: Iterates over batches.
        reading: How the model takes answers.
    """
    seen, given = [], []
    for batch in batches(stream):
        given.append(model.predict_on_batch(batch[0]))
        seen.append(classes_in(batch[1], reading))
    truth, outputs = np.concatenate(seen), joined(given)
    scores = reading.scores(model, outputs)
    loss = loss_of(model, reading.output)
    if loss is None or not np.isfinite(scores).all():
        return truth, scores, 0.0 if loss is None else math.inf
    coded = reading.encode_one(truth)
    return truth, scores, cost(loss, coded, reading.chosen(model, outputs))


def coded(stream: Any, reading: Reading) -> Any:
    """The stream with answers as the model's loss takes them."""
    _, y = first_batch(stream)
    if isinstance(y, Mapping) or reading.coding not in ("index", "one_hot"):
        return stream
    is_one_hot = np.ndim(y) == 2 and np.shape(y)[1] > 1
    if is_one_hot == (reading.coding == "one_hot"):
        return stream
    if not hasattr(stream, "map"):
        return _Coded(stream, reading)
    import tensorflow as tf

    def change(x: Any, y: Any, *weights: Any) -> Any:
        if reading.coding == "index":
            return x, tf.argmax(y, axis=-1), *weights
        return x, tf.one_hot(tf.reshape(y, [-1]), reading.num_classes), *weights

    return stream.map(change)


class _Coded(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of another one, with other answers."""

    def __init__(self, inner: Any, reading: Reading) -> None:
        super().__init__()
        self._inner = inner
        self._reading = reading

    def __len__(self) -> int:
        return int(self._inner.num_batches)

    def __getitem__(self, index: int) -> Any:
        x, y, *weights = self._inner[index]
        return x, self._reading.encode_one(classes_in(y, self._reading)), *weights

    def on_epoch_end(self) -> None:
        """Passed on."""
        self._inner.on_epoch_end()


class _Pause(keras.callbacks.Callback):  # type: ignore[misc]
    """Asks after each batch whether to stop."""

    def __init__(self, pause: Callable[[], None]) -> None:
        super().__init__()
        self._pause = pause

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._pause()


def piped_epochs(
    model: Any,
    examples: Examples,
    *,
    horizon: int,
    seed: int,
    metric: Metric,
    reading: Reading,
    settle: int,
    pause: Callable[[], None] | None,
    checkpoint: Checkpoint | None,
) -> Generator[Epoch, None, None]:
    """As `tuner.training.loop.epochs`, of examples that come by `Examples.streams`.

    Args:
        model: As there.
        examples: With streams.
        horizon: As there.
        seed: Kept with a checkpoint; order and augmentation are the stream's own.
        metric: As there.
        reading: How the model takes answers.
        settle: Training examples from which batch normalisation's statistics are settled; 0: none.
        pause: As there.
        checkpoint: As there.
    """
    rng = np.random.default_rng(seed)
    streams = examples.streams
    train = coded(streams.train, reading)
    known = _known(streams.train, settle) if settle else None
    watching = [] if pause is None else [_Pause(pause)]
    engine = FitEngine(model)
    done = 0 if checkpoint is None else checkpoint.resume(model, rng)
    for number in range(done + 1, horizon + 1):
        started = time.monotonic()
        fitted = model.fit(
            train,
            epochs=1,
            verbose=0,
            shuffle=not hasattr(train, "map"),
            class_weight=examples.class_weight,
            callbacks=watching,
        )
        learnt = {name: float(values[-1]) for name, values in fitted.history.items()}
        if known is not None:
            engine.settle(known[0], known[1])
        val_loss, value = _validated(model, streams.validation, metric, reading)
        epoch = Epoch(
            epoch=number,
            loss=learnt["loss"],
            measured=_reported(model, learnt, metric, reading),
            val_loss=val_loss,
            val_measured=value,
            seconds=round(time.monotonic() - started, 3),
        )
        if checkpoint is not None:
            checkpoint.keep(model, rng, epoch)
        yield epoch


def _validated(model: Any, stream: Any, metric: Metric, reading: Reading) -> tuple[float, float]:
    if stream is None:
        return math.nan, math.nan
    truth, scores, loss = collect(model, stream, reading)
    return loss, metric.of(truth, scores) if math.isfinite(loss) else metric.worst


def _reported(model: Any, said: Mapping[str, float], metric: Metric, reading: Reading) -> float:
    if metric.name != "accuracy" or reading.coding == "number" or reading.output is not None:
        return math.nan
    found = accuracy_of(model, said, reading.coding, logits=reading.logits)
    return math.nan if found is None else found


def _known(stream: Any, count: int) -> tuple[Any, int]:
    """Some training examples, and how many of them are a batch."""
    taken: list[Any] = []
    size = 0
    for batch in batches(stream):
        taken.append(batch[0])
        size += len(np.asarray(batch[1]))
        if size >= count:
            break
    return joined(taken), max(1, size // len(taken))
