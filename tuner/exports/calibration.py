"""Examples that an export takes: to show a quantiser the range of activations, and to measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tuner.data import DataSet

CALIBRATION_IMAGES = 500
"""Training examples that show a quantiser the range of each activation."""


def calibrating(data: DataSet) -> Any:
    """Training examples for a quantiser, of data with one input."""
    if not data.pipeline:
        return spread(data.train()[0])
    taken: list[Any] = []
    for x, _ in _batches(data.streams().train):
        taken.append(x)
        if sum(map(len, taken)) >= CALIBRATION_IMAGES:
            break
    return spread(np.concatenate(taken))


def examples_of(data: DataSet, part: str) -> Iterator[tuple[Any, Any]]:
    """Examples and answers of the test or the validation part, in one piece or in batches."""
    if not data.pipeline:
        x, y = data.test() if part == "test" else data.validation()
        yield x, y[data.output_names[0]] if data.output_names else y
        return
    streams = data.streams()
    for x, y in _batches(streams.test if part == "test" else streams.validation):
        one_hot = data.task == "classification" and y.ndim == 2 and y.shape[1] > 1
        yield x, y.argmax(axis=1) if one_hot else y.reshape(-1) if y.shape[1:] == (1,) else y


def _batches(stream: Any) -> Iterator[tuple[Any, Any]]:
    if hasattr(stream, "as_numpy_iterator"):
        found: Iterator[Any] = stream.as_numpy_iterator()
    else:
        found = (stream[number] for number in range(int(stream.num_batches)))
    for batch in found:
        x, y = batch[0], np.asarray(batch[1])
        if isinstance(x, Mapping):
            yield {str(name): np.asarray(array) for name, array in x.items()}, y
        else:
            yield np.asarray(x), y


def spread(examples: Any, count: int = CALIBRATION_IMAGES) -> Any:
    """At most `count` examples, evenly from all over; images with 0 and 255 among their values.

    A quantiser takes the smallest and the largest value that it sees for the input's range. Two
    pixels make that the range of uint8, so that an image need not be scaled to be classified.
    """
    chosen = np.linspace(0, len(examples) - 1, min(count, len(examples))).astype(int)
    taken = np.array(examples[chosen])
    if taken.dtype == np.uint8 and taken.ndim == 4:
        taken[0, 0, 0], taken[0, -1, -1] = 0, 255
    return taken
