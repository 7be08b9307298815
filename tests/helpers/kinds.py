"""Studies on data of every kind, each with a space of its own, that take seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def _parts(x: np.ndarray, y: np.ndarray, test: int = 100) -> Arrays:
    return {"x_train": x[:-test], "y_train": y[:-test], "x_test": x[-test:], "y_test": y[-test:]}


def windows() -> Arrays:
    """Two classes of windows, one of them rare, that differ in their frequency."""
    rng = np.random.default_rng(0)
    y = (rng.random(500) < 0.15).astype(np.int64)
    time = np.arange(32)[None, :, None] * np.where(y, 0.9, 0.3)[:, None, None]
    x = np.sin(time + rng.random((500, 1, 3)) * 6) + 0.1 * rng.standard_normal((500, 32, 3))
    return _parts(x.astype(np.float32), y)


def amounts() -> Arrays:
    """Numbers to be told from four numbers."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((500, 4)).astype(np.float32)
    return _parts(x, (3 * x[:, 0] - x[:, 1] + 10).astype(np.float32))


def pairs() -> Arrays:
    """Two classes that a line divides."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((500, 4)).astype(np.float32)
    return _parts(x, (x[:, 0] + x[:, 2] > 0.3).astype(np.int64))


def spectra() -> Arrays:
    """Images of five channels, in floats far from 0 to 1."""
    rng = np.random.default_rng(3)
    y = np.arange(400) % 3
    x = rng.standard_normal((400, 6, 6, 5)) * 50
    for k in range(3):
        x[y == k, ..., k] += 120
    return _parts(x.astype(np.float32), y.astype(np.int64))


def words() -> Arrays:
    """Whole numbers, one of which says the class."""
    rng = np.random.default_rng(4)
    y = np.arange(400) % 2
    x = rng.integers(2, 30, (400, 8))
    x[np.arange(400), rng.integers(0, 8, 400)] = y
    return _parts(x.astype(np.int32), y.astype(np.int64))


TWO_INPUTS = """
import numpy as np


def load():
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 400, 3)).astype("float32")
    y = (a[:, 0] + b[:, 1] > 0).astype("int64")
    x = {"left": a, "right": b}
    cut = {k: v[:300] for k, v in x.items()}, {k: v[300:] for k, v in x.items()}
    return {"x_train": cut[0], "y_train": y[:300], "x_test": cut[1], "y_test": y[300:]}
"""

TWO_OUTPUTS = """
import numpy as np


def load():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((400, 4)).astype("float32")
    y = {"kind": (x[:, 0] > 0).astype("int64"), "amount": x[:, 1] * 3}
    cut = {k: v[:300] for k, v in y.items()}, {k: v[300:] for k, v in y.items()}
    return {"x_train": x[:300], "y_train": cut[0], "x_test": x[300:], "y_test": cut[1]}
"""

PIPELINE = """
import numpy as np
import tensorflow as tf


def part(seed, count, shuffled=False):
    def examples():
        rng = np.random.default_rng(seed)
        for number in range(count):
            y = number % 3
            yield (rng.standard_normal(6) + 3 * (np.arange(6) % 3 == y)).astype("float32"), y

    signature = tf.TensorSpec([6], tf.float32), tf.TensorSpec([], tf.int64)
    found = tf.data.Dataset.from_generator(examples, output_signature=signature)
    found = found.apply(tf.data.experimental.assert_cardinality(count))
    return (found.shuffle(64) if shuffled else found).batch(16)


def load():
    return {
        "train": part(0, 240, shuffled=True),
        "validation": part(1, 96),
        "test": part(2, 96),
        "hash": "v1",
    }
"""

SPACE = """
import keras

L = keras.layers


def windows(hp, input_shape, num_classes):
    inputs = L.Input(input_shape)
    x = L.Conv1D(hp.Int("width", 2, 16, default=8), 5, activation="relu")(inputs)
    outputs = L.Dense(num_classes)(L.GlobalMaxPooling1D()(x))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


def amounts(hp, input_shape):
    inputs = L.Input(input_shape)
    x = L.Dense(hp.Int("width", 1, 16, default=8), activation="relu")(inputs)
    model = keras.Model(inputs, L.Dense(1, bias_initializer=keras.initializers.Constant(10.0))(x))
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mape"])
    return model


def pairs(hp, input_shape):
    inputs = L.Input(input_shape)
    x = L.Dense(hp.Int("width", 1, 8, default=4), activation="relu")(inputs)
    model = keras.Model(inputs, L.Dense(1)(x))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    return model


def spectra(hp, input_shape, num_classes):
    hp.Boolean("flip", default=True)
    hp.Choice("shift", [0, 1], default=1)
    inputs = L.Input(input_shape)
    x = L.Conv2D(hp.Int("width", 2, 8, default=4), 3)(L.Rescaling(0.01)(inputs))
    x = L.Activation("relu")(L.BatchNormalization()(x))
    outputs = L.Dense(num_classes, activation="softmax")(L.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.03), "categorical_crossentropy", metrics=["accuracy"])
    return model


def words(hp, input_shape):
    inputs = L.Input(input_shape, dtype="int32")
    x = L.Embedding(30, hp.Int("width", 2, 8, default=4))(inputs)
    x = L.LSTM(4)(x)
    model = keras.Model(inputs, L.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


def two(hp, input_shape, num_classes):
    inputs = {name: L.Input(shape, name=name) for name, shape in input_shape.items()}
    x = L.Concatenate()([L.Dense(hp.Int("width", 1, 8, default=4))(i) for i in inputs.values()])
    outputs = L.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
    return model


def heads(hp, input_shape):
    inputs = L.Input(input_shape)
    x = L.Dense(hp.Int("width", 2, 8, default=6), activation="relu")(inputs)
    kind = L.Dense(2, activation="softmax", name="kind")(x)
    model = keras.Model(inputs, {"kind": kind, "amount": L.Dense(1, name="amount")(x)})
    losses = {"kind": "sparse_categorical_crossentropy", "amount": "mse"}
    model.compile(keras.optimizers.Adam(0.03), losses, loss_weights={"kind": 1, "amount": 0.1})
    return model


def piped(hp, input_shape, num_classes):
    inputs = L.Input(input_shape)
    x = L.BatchNormalization()(L.Dense(hp.Int("width", 2, 8, default=6))(inputs))
    outputs = L.Dense(num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.03), "categorical_crossentropy", metrics=["accuracy"])
    return model
"""

STUDY = """
kind = "search"
question = "How small can it be?"
data = "{data}"
space = "space.py:{space}"
metric = "{metric}"
target = {target}
horizon = {horizon}
{extra}
"""


@dataclass(frozen=True)
class Case:
    """A study on data of one kind."""

    space: str
    metric: str
    target: float
    data: object = None
    extra: str = ""
    written: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path, horizon: int = 12) -> Path:
        """Writes data, space and study; returns the study file."""
        folder.mkdir(parents=True, exist_ok=True)
        name = next(iter(self.written), "data.npz")
        if callable(self.data):
            np.savez(folder / name, **self.data())
        for file, text in self.written.items():
            (folder / file).write_text(text)
        (folder / "space.py").write_text(SPACE)
        data = f"{name}:load" if self.written else name
        study = folder / "mine.toml"
        fields = {"space": self.space, "metric": self.metric, "target": self.target}
        study.write_text(STUDY.format(data=data, horizon=horizon, extra=self.extra, **fields))
        return study


CASES = {
    "windows": Case("windows", "macro_f1", 0.9, windows, 'class_weight = "balanced"'),
    "amounts": Case("amounts", "mae", 1.0, amounts),
    "pairs": Case("pairs", "auc", 0.95, pairs),
    "spectra": Case("spectra", "accuracy", 0.9, spectra),
    "words": Case("words", "balanced_accuracy", 0.8, words),
    "two inputs": Case("two", "macro_f1", 0.85, written={"mydata.py": TWO_INPUTS}),
    "two outputs": Case(
        "heads",
        "auc",
        0.95,
        extra='metric_output = "kind"',
        written={"mydata.py": TWO_OUTPUTS},
    ),
    "pipeline": Case("piped", "macro_f1", 0.9, written={"mydata.py": PIPELINE}),
}
