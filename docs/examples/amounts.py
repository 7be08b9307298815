"""An amount out of ten measurements, half of which have nothing to do with it.

J. H. Friedman, "Multivariate Adaptive Regression Splines", The Annals of Statistics 19(1), 1991.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def load() -> dict[str, Any]:
    """4,000 examples to learn from and 4,000 to test on: float32 [n, 10], and their amounts [n]."""
    x_train, y_train = _drawn(4_000, seed=0)
    x_test, y_test = _drawn(4_000, seed=1)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def build(hp: Any, input_shape: tuple[int]) -> Any:
    """One or two dense layers, and one number."""
    inputs = keras.Input(input_shape)
    x = keras.layers.Rescaling(2.0, offset=-1.0)(inputs)  # around 0, where layers learn fastest
    for layer in range(hp.Int("depth", 1, 2, default=1)):
        width = hp.Int(f"width_{layer}", 2, 128, sampling="log", default=16)
        x = keras.layers.Dense(width, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=2e-2)
    model.compile(keras.optimizers.Adam(rate), "mse")
    return model


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """No model can have a mean absolute error below 0.8: so much of each amount is noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(count, 10)).astype(np.float32)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    y += 10 * x[:, 3] + 5 * x[:, 4] + rng.normal(size=count)
    return x, y
