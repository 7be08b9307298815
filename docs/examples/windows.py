"""Windows of a series from nine sensors, six kinds of movement, one of them twenty times rarer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

KINDS = ("walking", "running", "sitting", "standing", "cycling", "falling")
SHARES = np.array([20, 20, 20, 20, 20, 1]) / 101
STEPS, SENSORS = 128, 9


def load() -> dict[str, Any]:
    """6,000 windows to learn from and 3,000 to test on, float32 [n, 128, 9]."""
    x_train, y_train = _drawn(6_000, seed=0)
    x_test, y_test = _drawn(3_000, seed=1)
    names = np.array(KINDS)
    learn = {"x_train": x_train, "y_train": names[y_train]}
    return learn | {"x_test": x_test, "y_test": names[y_test]}


def build(hp: Any, input_shape: tuple[int, int], num_classes: int) -> Any:
    """One to three blocks of convolution along time, and the mean over time."""
    x = inputs = keras.Input(input_shape)
    for block in range(hp.Int("depth", 1, 3, default=2)):
        width = hp.Int(f"width_{block}", 2, 64, sampling="log", default=16)
        kernel = hp.Int("kernel", 3, 9, step=2, default=5)
        x = keras.layers.Conv1D(width, kernel, strides=2, padding="same", activation="relu")(x)
    x = keras.layers.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))
    rate = hp.Float("rate", 1e-3, 3e-2, sampling="log", default=5e-3)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Waves of a frequency and of phases between sensors that belong to the kind, under noise."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(KINDS), count, p=SHARES)
    frequency = np.array([2.0, 5.0, 1.0, 3.0, 4.0, 2.5])[y] * rng.uniform(0.9, 1.1, count)
    phases = np.random.default_rng(7).uniform(0, 2 * np.pi, (len(KINDS), SENSORS))[y]
    time = np.arange(STEPS) / STEPS
    start = rng.uniform(0, 2 * np.pi, count)[:, None, None]
    turns = 2 * np.pi * frequency[:, None, None] * time[None, :, None]
    x = np.sin(turns + phases[:, None, :] + start) + rng.normal(0, 1.0, (count, STEPS, SENSORS))
    return x.astype(np.float32), y
