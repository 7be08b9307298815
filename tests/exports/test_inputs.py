"""Files that take other examples than images in bytes, run by each format's own runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tuner.errors import ExportError
from tuner.exports import runtimes
from tuner.exports.calibration import spread
from tuner.exports.conversion import convert
from tuner.exports.graphs import as_graph
from tuner.exports.inputs import Inputs
from tuner.exports.orders import FORMATS, Format

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
    pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning"),
]
L = keras.layers
RNG = np.random.default_rng(0)


def windows() -> tuple[keras.Model, Any]:
    made = keras.Sequential(
        [
            L.Input((16, 3)),
            L.Conv1D(4, 3, activation="relu"),
            L.GlobalAveragePooling1D(),
            L.Dense(3, activation="softmax"),
        ]
    )
    return made, RNG.normal(size=(40, 16, 3)).astype(np.float32)


def amounts() -> tuple[keras.Model, Any]:
    made = keras.Sequential([L.Input((5,)), L.Dense(8, activation="relu"), L.Dense(2)])
    return made, RNG.normal(size=(40, 5)).astype(np.float32)


def channels() -> tuple[keras.Model, Any]:
    inputs = L.Input((6, 6, 5))
    x = L.Conv2D(4, 3)(L.Rescaling([1.0, 2.0, 3.0, 1.0, 1.0], offset=[0.0, 1, 0, 0, 0])(inputs))
    made = keras.Model(inputs, L.Dense(3, activation="softmax")(L.Flatten()(x)))
    return made, RNG.normal(size=(40, 6, 6, 5)).astype(np.float32)


def words() -> tuple[keras.Model, Any]:
    inputs = L.Input((7,), dtype="int32")
    x = L.GlobalAveragePooling1D()(L.Embedding(20, 4)(inputs))
    return keras.Model(inputs, L.Dense(3, activation="softmax")(x)), RNG.integers(0, 20, (40, 7))


def two() -> tuple[keras.Model, Any]:
    image, about = L.Input((6, 6, 1), name="image"), L.Input((3,), name="about")
    x = L.Concatenate()([L.Flatten()(L.Rescaling(1 / 255)(image)), about])
    made = keras.Model({"image": image, "about": about}, L.Dense(2, activation="softmax")(x))
    return made, {
        "image": RNG.integers(0, 256, (40, 6, 6, 1), np.uint8),
        "about": RNG.normal(size=(40, 3)).astype(np.float32),
    }


def two_in_a_list() -> tuple[keras.Model, Any]:
    made, x = two()
    named = {tensor.name: tensor for tensor in made.inputs}
    return keras.Model([named["image"], named["about"]], made.outputs[0]), x


MADE: dict[str, Callable[[], tuple[keras.Model, Any]]] = {
    each.__name__: each for each in (windows, amounts, channels, words, two, two_in_a_list)
}


def inputs_of(x: Any) -> Inputs:
    if isinstance(x, dict):
        shapes = {name: a.shape[1:] for name, a in x.items()}
        return Inputs.of(shapes, {name: a.dtype.name for name, a in x.items()})
    return Inputs.of(x.shape[1:], x.dtype.name)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", MADE)
def test_the_file_gives_what_the_model_gives(name: str, format: Format, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    made, x = MADE[name]()
    expected = made.predict(x, verbose=0)
    inputs, file = inputs_of(x), str(tmp_path / f"model.{format}")
    classes = name != "amounts"
    graph = as_graph(made, inputs, classes=classes)
    convert(graph, format, file, None, inputs, classes=classes)
    found = runtimes.scores(format, file, [x], inputs)
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("format", ["tflite", "onnx"])
@pytest.mark.parametrize("name", ["windows", "amounts", "channels"])
def test_a_quantised_file_takes_floats_and_is_nearly_as_good(
    name: str, format: Format, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    made, x = MADE[name]()
    expected = made.predict(x, verbose=0)
    inputs, file = inputs_of(x), str(tmp_path / f"model.{format}")
    convert(made, format, file, spread(x), inputs, classes=name != "amounts")
    found = runtimes.scores(format, file, [x], inputs)
    assert found.dtype == np.float32
    assert np.abs(found - expected).max() < 0.1 * np.ptp(expected)


def test_a_logit_is_classified_at_zero_and_a_probability_at_one_half() -> None:
    inputs = Inputs.of((1,), "float32")
    made = keras.Sequential([L.Input((1,)), L.Rescaling(1.0)])
    x = np.float32([[-1.0], [0.2], [0.8]])
    probability = as_graph(made, inputs).predict(x, verbose=0).argmax(axis=1)
    logit = as_graph(made, inputs, logits=True).predict(x, verbose=0).argmax(axis=1)
    assert probability.tolist() == [0, 0, 1]
    assert logit.tolist() == [0, 1, 1]


def test_several_outputs_are_refused_in_a_line() -> None:
    inputs = L.Input((3,))
    made = keras.Model(inputs, [L.Dense(1, name="a")(inputs), L.Dense(1, name="b")(inputs)])
    with pytest.raises(ExportError, match=r"2 outputs \(a, b\), and an exported file has one"):
        as_graph(made, Inputs.of((3,), "float32"))


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("float64", "float32"), ("int16", "int32"), ("uint32", "int64"), ("int64", "int64")],
)
def test_types_that_formats_do_not_know_become_ones_that_they_do(dtype: str, kept: str) -> None:
    assert Inputs.of((3,), dtype).dtypes == {"inputs": kept}
