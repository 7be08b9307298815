"""Two classes, told by a single number that is measured by the area under its ROC curve."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def load() -> dict[str, Any]:
    """4,000 examples to learn from, 4,000 to test on, float32 [n, 12]; one in five of class 1."""
    x_train, y_train = _drawn(4_000, seed=0)
    x_test, y_test = _drawn(4_000, seed=1)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def build(hp: Any, input_shape: tuple[int]) -> Any:
    """One or two dense layers, and one sigmoid unit."""
    x = inputs = keras.Input(input_shape)
    for layer in range(hp.Int("depth", 1, 2, default=1)):
        width = hp.Int(f"width_{layer}", 2, 128, sampling="log", default=16)
        x = keras.layers.Dense(width, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=1e-2)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    return model


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Class 1 lies in a shell around class 0, in four of twelve directions."""
    rng = np.random.default_rng(seed)
    y = (rng.random(count) < 0.2).astype(np.int64)
    x = rng.normal(size=(count, 12))
    inner = x[:, :4] / np.linalg.norm(x[:, :4], axis=1, keepdims=True)
    radius = np.where(y == 1, 2.6, 1.4) + rng.normal(0, 0.45, count)
    x[:, :4] = inner * radius[:, None]
    return x.astype(np.float32), y
