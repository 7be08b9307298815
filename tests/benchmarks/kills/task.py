"""The search that is killed: noisy stripes in four directions, and a space of small networks.

Everything in it that has a state from one epoch to the next is there to be lost: moments of the
optimizer, a learning rate's schedule, moving averages, dropout, the order of the images and their
augmentation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

NAME = "stripes"
HORIZON = 10
TARGET = 0.56
SIDE = 16
TRAIN, TEST = 6_000, 500
NOISE = 150.0

SPACE = '''
import keras
import keras_tuner


class Stripes(keras_tuner.HyperModel):
    """Two convolutions with all that has a state."""

    def __init__(self, input_shape, num_classes, train_size, horizon):
        super().__init__()
        self.shape, self.classes = input_shape, num_classes
        self.images = train_size * horizon

    def build(self, hp):
        width = hp.Int("width", 2, 16)
        dropout = hp.Float("dropout", 0.0, 0.4, step=0.1, default=0.1)
        rate = hp.Float("rate", 1e-3, 3e-2, sampling="log", default=5e-3)
        kind = hp.Choice("optimizer", ["adam", "sgd"])
        batch = hp.Choice("batch_size", [64, 128])
        hp.Boolean("flip")
        hp.Int("shift", 0, 2)
        hp.Int("cutout", 0, 4, step=2)
        layers = keras.layers
        inputs = x = layers.Input(self.shape)
        x = layers.Rescaling(1 / 255)(x)
        for stride in (2, 1):
            x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(x)
            x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Dropout(dropout)(layers.GlobalAveragePooling2D()(x))
        model = keras.Model(inputs, layers.Dense(self.classes, activation="softmax")(x))
        falling = keras.optimizers.schedules.CosineDecay(rate, self.images // batch)
        optimizer = keras.optimizers.Adam(falling)
        if kind == "sgd":
            optimizer = keras.optimizers.SGD(falling, momentum=0.9, nesterov=True)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model
'''

STUDY = f"""
kind = "search"
question = "How small can a network be that tells stripes apart?"
data = "stripes.npz"
space = "stripes.py:Stripes"
target = {TARGET}
margin = 0.0
horizon = {HORIZON}

[reference]
width = 16
"""


def images(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [count, SIDE, SIDE, 1], and which of four directions each one's stripes have."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    angle = labels * np.pi / 4 + rng.normal(0, 0.12, count)
    wave = rng.uniform(0.8, 1.4, count)
    row, column = np.mgrid[:SIDE, :SIDE]
    along = (row * np.sin(angle)[:, None, None] + column * np.cos(angle)[:, None, None]) * wave[
        :, None, None
    ]
    shown = 127 + 40 * np.sin(along + rng.uniform(0, 2 * np.pi, count)[:, None, None])
    noisy = shown + rng.normal(0, NOISE, shown.shape)
    return noisy.clip(0, 255).astype(np.uint8)[..., None], labels


def write(folder: Path) -> None:
    """Writes the images, the space and the study."""
    folder.mkdir(parents=True)
    x_train, y_train = images(TRAIN, 1)
    x_test, y_test = images(TEST, 2)
    file = folder / f"{NAME}.npz"
    np.savez(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    (folder / f"{NAME}.py").write_text(SPACE, encoding="utf-8")
    (folder / f"{NAME}.toml").write_text(STUDY, encoding="utf-8")
