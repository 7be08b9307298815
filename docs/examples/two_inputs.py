"""A picture and a table's row that belong together: a model of two inputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SIDE, CLASSES = 12, 3


def load() -> dict[str, Any]:
    """4,000 pairs to learn from and 2,000 to test on, under the names that the model gives them."""
    x_train, y_train = _drawn(4_000, seed=0)
    x_test, y_test = _drawn(2_000, seed=1)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def build(hp: Any, num_classes: int) -> Any:
    """Convolutions for the picture, a dense layer for the row, and one layer for both."""
    picture = keras.Input((SIDE, SIDE, 1), name="picture")
    row = keras.Input((4,), name="row")
    width = hp.Int("width", 2, 32, sampling="log", default=8)
    x = keras.layers.Conv2D(width, 3, strides=2, activation="relu")(picture)
    x = keras.layers.Flatten()(x)
    units = hp.Int("units", 2, 32, sampling="log", default=8)
    y = keras.layers.Dense(units, activation="relu")(row)
    joint = hp.Int("joint", 2, 64, sampling="log", default=16)
    both = keras.layers.Concatenate()([x, y])
    both = keras.layers.Dense(joint, activation="relu")(both)
    scores = keras.layers.Dense(num_classes, activation="softmax")(both)
    model = keras.Model({"picture": picture, "row": row}, scores)
    rate = hp.Float("rate", 1e-3, 3e-2, sampling="log", default=5e-3)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


def _drawn(count: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Neither says the class alone: it is where the spot lies plus what the row adds up to."""
    rng = np.random.default_rng(seed)
    place, step = rng.integers(CLASSES, size=(2, count))
    centre = np.array([2.0, 5.5, 9.0])[place][:, None, None]
    line, column = np.mgrid[:SIDE, :SIDE]
    far = (column - centre) ** 2 + (line - rng.uniform(3, 8, (count, 1, 1))) ** 2
    picture = np.exp(-far / 6) + rng.normal(0, 0.2, (count, SIDE, SIDE))
    row = rng.normal(0, 0.3, (count, 4))
    row[np.arange(count), step] += 1.5
    x = {"picture": picture[..., None].astype(np.float32), "row": row.astype(np.float32)}
    return x, (place + step) % CLASSES
