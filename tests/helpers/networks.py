"""Small networks and images for the engines that train them."""

from __future__ import annotations

import keras
import numpy as np

from tuner.training.engines.settling import numbers

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (70, 8, 8, 3), dtype=np.uint8)
Y = RNG.integers(0, 4, 70)


def model(channels: int = 6, *, base: type[keras.Model] = keras.Model, **compiled) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(channels, 3, use_bias=False)(layers.Rescaling(1 / 64)(inputs))
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.GlobalAveragePooling2D()(x)
    made = base(inputs, layers.Dense(4, activation="softmax")(x))
    made.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **compiled,
    )
    return made


def array(variable) -> np.ndarray:
    if isinstance(variable, keras.Variable):
        return np.array(numbers(variable))
    return keras.ops.convert_to_numpy(variable)
