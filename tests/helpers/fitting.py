"""Hypermodels with a `fit` of their own, as people write them for keras-tuner."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np


def digits(train: int = 240, validation: int = 120) -> dict[str, np.ndarray]:
    """Scikit-learn's digits, 8x8, as many examples to learn from and to validate on."""
    from sklearn.datasets import load_digits

    found = load_digits()
    x = (found.images[..., None] * 15).astype(np.uint8)
    y = found.target.astype(np.int64)
    end = train + validation
    return {
        "x_train": x[:train],
        "y_train": y[:train],
        "x_validation": x[train:end],
        "y_validation": y[train:end],
        "x_test": x[end:],
        "y_test": y[end:],
    }


class Plain(keras_tuner.HyperModel):  # type: ignore[misc]
    """A small network for digits."""

    loss = "sparse_categorical_crossentropy"

    def __init__(self, input_shape: Any = (8, 8, 1), num_classes: int = 10) -> None:
        super().__init__()
        self.input_shape, self.num_classes = input_shape, num_classes

    def build(self, hp: Any) -> Any:
        layers = keras.layers
        inputs = layers.Input(self.input_shape)
        x = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
        x = layers.Dense(hp.Int("width", 4, 64, default=24), activation="relu")(x)
        x = layers.Dropout(0.1)(x)
        outputs = layers.Dense(self.num_classes, activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.Adam(0.01), self.loss, metrics=["accuracy"])
        return model


class Batches(Plain):
    """Batch size and epochs are hyperparameters."""

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(
            *args,
            batch_size=hp.Choice("batch_size", [16, 32, 64], default=32),
            epochs=hp.Int("epochs", 2, 6, default=4),
            **kwargs,
        )


class Unbuilt(Batches):
    """The same with a model that has no variables before it sees examples."""

    def build(self, hp: Any) -> Any:
        """A model without Input."""
        layers = keras.layers
        width = hp.Int("width", 4, 64, default=16)
        model = keras.Sequential(
            [
                layers.Rescaling(1 / 16),
                layers.Flatten(),
                layers.Dense(width, activation="relu"),
                layers.Dense(self.num_classes, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


class Weighing(Plain):
    """Class weights and callbacks."""

    def fit(self, hp: Any, model: Any, x: Any, y: Any, callbacks: Any = None, **kwargs: Any) -> Any:
        weight = hp.Float("weight_of_8", 1.0, 4.0, default=2.0)
        schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.8)
        stopping = keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=2, restore_best_weights=True
        )
        return model.fit(
            x,
            y,
            class_weight={k: weight if k == 8 else 1.0 for k in range(10)},
            callbacks=[schedule, stopping, *callbacks],
            **kwargs,
        )


class Augmenting(Plain):
    """Images that are shifted in a `tf.data` pipeline."""

    def fit(self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any, **kwargs: Any) -> Any:
        import tensorflow as tf

        most = hp.Int("most", 0, 2, default=1)

        def shifted(image: Any, label: Any) -> Any:
            padded = tf.pad(image, [[most, most], [most, most], [0, 0]])
            return tf.image.random_crop(padded, tf.shape(image)), label

        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x))
        data = data.map(shifted).batch(32)
        return model.fit(data, validation_data=validation_data, **kwargs)


class Looping(Plain):
    """A training loop of its own, as in keras-tuner's guide, for a model that is not compiled."""

    def build(self, hp: Any) -> Any:
        made = super().build(hp)
        return keras.Model(made.inputs[0], made.outputs[0])

    def fit(
        self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any, callbacks: Any = None,
        **kwargs: Any,
    ) -> float:  # fmt: skip
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(hp.Choice("batch_size", [16, 32]))
        optimizer = keras.optimizers.Adam(0.01)
        measure = keras.losses.SparseCategoricalCrossentropy()
        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(hp.Int("epochs", 2, 5, default=3)):
            for images, labels in data:
                with tf.GradientTape() as tape:
                    loss = measure(labels, model(images, training=True))
                slopes = tape.gradient(loss, model.trainable_variables)
                optimizer.apply(slopes, model.trainable_variables)
            found = float(measure(validation_data[1], model(validation_data[0])))
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"my_loss": found})
            best = min(best, found)
        return best
