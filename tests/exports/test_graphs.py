"""Models of people's own spaces are exported as what they were certified as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from tests.helpers import tiny
from tuner.errors import ExportError
from tuner.exports import runtimes
from tuner.exports.conversion import convert
from tuner.exports.graphs import as_graph
from tuner.training.scores import predict

L = keras.layers
IMAGES = tiny.images()["x_test"]
SHAPE = IMAGES.shape[1:]


@keras.saving.register_keras_serializable(package="tests")
class Own(keras.Model):
    """Without a graph."""

    def __init__(self, units: int = 3, **more: Any) -> None:
        super().__init__(**more)
        self.units = units
        self.inner = L.Dense(units)

    def call(self, x: Any) -> Any:
        return self.inner(keras.ops.reshape(keras.ops.cast(x, "float32"), (-1, 64)) / 50 - 1.8)

    def get_config(self) -> dict[str, Any]:
        return {"units": self.units}


def single(activation: str | None) -> keras.Model:
    scale = L.Rescaling(1 / 50, offset=-1.8)
    return keras.Sequential([L.Input(SHAPE), scale, L.Flatten(), L.Dense(1, activation=activation)])


MODELS = {
    "a sigmoid": (lambda: single("sigmoid"), 2),
    "a logit": (lambda: single(None), 2),
    "of one's own class": (Own, 3),
    "of one's own class, one unit": (lambda: Own(1), 2),
}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't:DeprecationWarning")
@pytest.mark.parametrize("name", MODELS)
def test_the_file_takes_images_for_the_classes_that_the_model_does(
    name: str, tmp_path: Path
) -> None:
    make, classes = MODELS[name]
    keras.utils.set_random_seed(1)
    made = make()
    made(IMAGES[:1])
    expected = predict(made, IMAGES, classes).argmax(axis=1)
    assert len(set(expected.tolist())) > 1, "one class for all shows nothing"
    file = str(tmp_path / "model.keras")
    convert(as_graph(made, SHAPE), "keras", file, None)
    assert runtimes.classify("keras", file, IMAGES).tolist() == expected.tolist()
    assert keras.models.load_model(file, compile=False).output_shape == (None, classes)


def test_a_graph_with_a_score_a_class_stays_as_it_is() -> None:
    made = keras.Sequential([L.Input(SHAPE), L.Flatten(), L.Dense(3)])
    assert as_graph(made, SHAPE) is made


def test_several_inputs_are_refused() -> None:
    a, b = L.Input((3,)), L.Input((4,))
    made = keras.Model([a, b], L.Dense(2)(L.Concatenate()([a, b])))
    with pytest.raises(ExportError, match="only a model with one input"):
        as_graph(made, SHAPE)
