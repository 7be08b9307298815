"""A search that takes seconds: eight-pixel images, and a space of tiny networks on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tuner import search
from tuner.records.studies import StudyRecord
from tuner.sessions.result import Result

SPACE = '''
import keras
import keras_tuner


class Tiny(keras_tuner.HyperModel):
    """One hidden layer; a width of 13 cannot be built and a width of 14 has no memory."""

    def __init__(self, input_shape, num_classes, horizon, slow=0.0):
        super().__init__()
        self.input_shape, self.num_classes, self.slow = input_shape, num_classes, slow

    def build(self, hp):
        width = hp.Int("width", 1, 64)
        rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=1e-2)
        hp.Choice("batch_size", [16, 32])
        if width == 13:
            raise ValueError("13 is unlucky")
        if width == 14:
            raise MemoryError("out of memory")
        inputs = keras.layers.Input(self.input_shape)
        x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
        x = keras.layers.Dense(width, activation="relu")(x)
        outputs = keras.layers.Dense(self.num_classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        if width == 15:
            rate = 1e30  # diverges
        model.compile(
            keras.optimizers.SGD(rate) if width == 15 else keras.optimizers.Adam(rate),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model
'''

STUDY = """
kind = "search"
question = "How small can it be?"
data = "images.npz"
space = "space.py:Tiny"
target = {target}
margin = 0.0
horizon = {horizon}
{extra}
"""

SWEEP = """
kind = "sweep"
question = "Does the width matter?"
data = "images.npz"
space = "space.py:Tiny"
horizon = 2
seeds = 2
[base]
rate = 0.01
[grid]
width = [2, 16]
"""


def images(seed: int = 0, train: int = 300, test: int = 60) -> dict[str, np.ndarray]:
    """Three classes of noisy 8x8 images, each bright in another third."""
    rng = np.random.default_rng(seed)

    def make(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.arange(n) % 3
        x = rng.integers(0, 140, (n, 8, 8, 1))
        for k in range(3):
            x[y == k, :, 3 * k : 3 * k + 2] += 90
        return x.astype(np.uint8), y.astype(np.int64)

    x_train, y_train = make(train)
    x_test, y_test = make(test)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def write(folder: Path, *, target: float = 0.9, horizon: int = 4, extra: str = "") -> Path:
    """Writes the images, the space and the study; returns the study file."""
    np.savez(folder / "images.npz", **images())
    (folder / "space.py").write_text(SPACE)
    study = folder / "tiny.toml"
    study.write_text(STUDY.format(target=target, horizon=horizon, extra=extra))
    return study


def write_sweep(folder: Path) -> Path:
    """Writes the images, the space and a sweep; returns the study file."""
    write(folder)
    study = folder / "widths.toml"
    study.write_text(SWEEP)
    return study


def run(folder: Path, **options: Any) -> Result:
    """Runs the study of `write`, without certificates unless told otherwise."""
    options = {"prove": "none", **options}
    return search(str(folder / "tiny.toml"), results=folder / "out", **options)


def is_over(record: StudyRecord, trials: int) -> bool:
    """Whether so many were trained, or fewer because a single unit met the target.

    With some initial weights one does, and then nothing smaller is left to train.
    """
    best = record.incumbent
    return len(record.trained) == trials or (best is not None and best.values["width"] == 1)
