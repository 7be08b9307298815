"""What a training needs at the least, and that large examples are taken a few at a time."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tuner.training import engines, loop, memory
from tuner.training.augmentation import Augmentation
from tuner.training.engines import within
from tuner.training.loop import Examples, epochs, evaluation_batch_size


def _model(side: int, filters: int = 16) -> Any:
    model = keras.Sequential(
        [
            keras.layers.Input((side, side, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(filters, 3, padding="same"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _photos(count: int, *shape: int) -> Any:
    """Twelve megapixels each take no memory here: all are the same byte."""
    return np.broadcast_to(np.uint8(0), (count, *shape))


def test_the_least_is_what_is_handed_over_and_the_largest_layer_twice() -> None:
    least = memory.least_memory(_model(8), _photos(300, 8, 8, 3), 128)
    assert least.layer == (8, 8, 16)
    assert least.examples == 300 * 8 * 8 * 3
    assert least.bytes == memory.PROCESS + least.examples + 2 * 4 * 128 * 8 * 8 * 16
    assert least.described() == "minibatches of 128, whose largest layer gives 8x8x16 numbers each"


def test_a_minibatch_is_no_more_than_there_is() -> None:
    assert memory.least_memory(_model(8), _photos(20, 8, 8, 3), 128).batch_size == 20


def test_of_photographs_no_more_than_a_minibatch_is_handed_over() -> None:
    photos = _photos(5_000, 3000, 4000, 3)
    assert within(photos, engines.CHUNK) == 7
    assert within(_photos(50_000, 32, 32, 3), engines.CHUNK) == engines.CHUNK
    assert evaluation_batch_size(photos) == 1
    assert evaluation_batch_size(_photos(50_000, 32, 32, 3)) == loop.EVALUATION_BATCH_SIZE
    assert memory.least_memory(_model(8), photos, 16).examples == 16 * 36_000_000


def test_a_training_that_never_fits_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "installed", lambda: 10**9)
    memory.require_memory(_model(8), _photos(300, 8, 8, 3), 128)
    with pytest.raises(MemoryError) as caught:
        memory.require_memory(_model(64, 256), _photos(300, 64, 64, 3), 512)
    line = str(caught.value)
    assert "needs at least 2.9 GB of memory (minibatches of 300, whose largest layer gives" in line
    assert "64x64x256" in line and "the machine has 1.0 GB: use smaller examples or a" in line


def test_on_an_accelerator_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "installed", lambda: 1)
    monkeypatch.setattr(memory, "on_host", lambda: False)
    memory.require_memory(_model(8), _photos(300, 8, 8, 3), 128)


def test_large_examples_are_trained_settled_and_validated_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is asked between them: whether to stop."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 8, 8, 3), np.uint8)
    y = np.arange(40) % 2
    monkeypatch.setattr(engines, "PIECE", 16 * x[0].nbytes)
    asked: list[int] = []
    training = epochs(
        _model(8),
        Examples(x[:32], y[:32], x[32:], y[32:], 2),
        horizon=1,
        batch_size=8,
        augmentation=Augmentation(),
        seed=0,
        pause=lambda: asked.append(1),
    )
    (epoch,) = training
    assert np.isfinite(epoch.val_loss)
    assert len(asked) == 2 + 1  # two pieces of 16 to train on, and one to validate on
    assert evaluation_batch_size(x) == 4
