"""Examples that are made while they are read, and are never in memory all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

STEPS, BATCH = 64, 128


def load() -> dict[str, Any]:
    """A tf.data.Dataset for each part, and a text that changes whenever what they give does."""
    import tensorflow as tf

    signature = (
        tf.TensorSpec((None, STEPS), tf.float32),
        tf.TensorSpec((None,), tf.int64),
    )
    parts = {"train": range(40), "validation": range(40, 48), "test": range(48, 72)}
    return {
        name: tf.data.Dataset.from_generator(_reader(files), output_signature=signature)
        for name, files in parts.items()
    } | {"hash": "tones-1", "classes": ["none", "tone"]}


def build(hp: Any, input_shape: tuple[int], num_classes: int) -> Any:
    """One or two dense layers."""
    x = inputs = keras.Input(input_shape)
    for layer in range(hp.Int("depth", 1, 2, default=1)):
        width = hp.Int(f"width_{layer}", 2, 128, sampling="log", default=16)
        x = keras.layers.Dense(width, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))
    rate = hp.Float("rate", 1e-3, 3e-2, sampling="log", default=5e-3)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def _reader(files: range) -> Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]:
    """Reads one file after another; here each of them is drawn by its number."""

    def read() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for file in files:
            rng = np.random.default_rng(file)
            y = rng.integers(2, size=BATCH)
            tone = np.sin(2 * np.pi * np.arange(STEPS) / 8 + rng.uniform(0, 2 * np.pi, (BATCH, 1)))
            x = 0.8 * y[:, None] * tone + rng.normal(size=(BATCH, STEPS))
            yield x.astype(np.float32), y

    return read
