"""A study of the tool's own with a model file, made without a search; and networks to convert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from tests.helpers import fakes, tiny
from tuner import data
from tuner.exports.orders import ExportOrders, Format
from tuner.records.keys import StudyKey
from tuner.sessions.agreement import describe
from tuner.storages.opening import default_url, open_storage

OWN_LAYER = """
import keras


@keras.saving.register_keras_serializable(package="own")
class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2.0 * x


"""


def model(logits_spread: float = 0.0) -> keras.Model:
    """A trained network on the images of `tests.helpers.tiny`.

    Args:
        logits_spread: How far below the others a fourth score lies, which no image ever gets. A
            large one leaves a quantiser no steps for the three that matter.
    """
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    x = layers.Flatten()(layers.Rescaling(1 / 64, offset=-2.0)(inputs))
    x = layers.Dense(8, activation="relu")(x)
    scores = layers.Dense(3)(x)
    learner = keras.Model(inputs, scores)
    learner.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images = tiny.images()
    learner.fit(images["x_train"], images["y_train"], epochs=12, batch_size=32, verbose=0)
    if not logits_spread:
        return learner
    unused = layers.Dense(1, kernel_initializer="zeros")(x)
    low = layers.Rescaling(1.0, offset=-logits_spread)(unused)
    return keras.Model(inputs, layers.Concatenate()([scores, low]))


def make_study(folder: Path, built: keras.Model) -> Path:
    """Writes images and a results folder with one trial that met its target; returns the folder."""
    file = tiny.write(folder)
    spec = {
        **fakes.SPEC,
        "name": "tiny",
        "space": f"{file.with_name('space.py')}:Tiny",
        "data": str(folder / "images.npz"),
        "split_seed": 0,
    }
    results = folder / "tuner-results"
    (results / "tiny").mkdir(parents=True)
    study = fakes.make_study("tiny", storage=open_storage(default_url(results)), spec=spec)
    found = data.resolve(spec["data"])
    study.set_user_attr(StudyKey.DATA, {spec["data"]: describe(found)})
    fakes.add_trial(study, "reached", 547, 0.9, 5, dataset=spec["data"])
    fakes.add_trial(study, "missed", 300, 0.5, 25, dataset=spec["data"])
    built.save(results / "tiny" / "trial-0000.keras")
    return folder


def orders(
    folder: Path, format: Format, *, int8: bool = False, measure: bool = True, file: str = ""
) -> ExportOrders:
    """WorkerOrders for the model of `make_study`, as the command gives them."""
    found = data.resolve(str(folder / "images.npz"))
    return ExportOrders(
        images="test",
        model_file=file or str(folder / "tuner-results" / "tiny" / "trial-0000.keras"),
        part=str(folder / f"part.{format}"),
        format=format,
        int8=int8,
        measure=measure,
        space={
            "spec": f"{folder / 'space.py'}:Tiny",
            "input_shape": [8, 8, 1],
            "num_classes": 3,
            "train_size": 270,
            "horizon": 4,
            "options": {},
        },
        data=found.reference(0),
    )


def scenes(count: int, seed: int, side: int = 12) -> tuple[Any, Any]:
    """Four classes of noisy colour images, each bright in another quarter; uint8 and labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, count)
    x = rng.integers(0, 200, (count, side, side, 3))
    half = side // 2
    for k in range(4):
        top, left = divmod(k, 2)
        x[y == k, top * half : top * half + half, left * half : left * half + half] += 55
    return x.astype(np.uint8), y
