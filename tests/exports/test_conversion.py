"""Every family, converted and run by each format's own runtime, against Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from search_spaces.cnn import ConvSpace
from search_spaces.dense import DenseSpace
from search_spaces.resnet import ResidualSpace
from tests.helpers import exports
from tuner.exports import runtimes
from tuner.exports.calibration import spread
from tuner.exports.conversion import convert, taking
from tuner.exports.orders import Format

pytestmark = [
    # Keras copies TensorFlow's variables, which do not know NumPy 2's keyword, to save them.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't:DeprecationWarning"),
    # Keras looks whether NumPy still has what tf2onnx wants; NumPy warns of the question.
    pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning"),
    # The converter says it of every quantisation whose range comes from images.
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
    # SWIG's types, which LiteRT and TensorFlow make on import.
    pytest.mark.filterwarnings("ignore:builtin type .* has no __module__:DeprecationWarning"),
]

SMALL = {"width_0": 6, "width_1": 8, "batch_size": 32, "stem_width": 6}
NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "dense": (DenseSpace, {"depth": 2, "batch_norm": True, "dropout": 0.1, "activation": "silu"}),
    "cnn, max": (ConvSpace, {"depth": 2, "convs": 2, "pooling": "max", "dropout": 0.1}),
    "cnn, stride": (ConvSpace, {"depth": 2, "pooling": "stride", "head": "flatten"}),
    "cnn, average": (
        ConvSpace,
        {"depth": 2, "pooling": "average", "activation": "leaky_relu", "batch_norm": False},
    ),
    "resnet, separable": (ResidualSpace, {"stages": 2, "shortcut": "pooled"}),
    "resnet, plain": (
        ResidualSpace,
        {"stages": 2, "block": "plain", "shortcut": "projection", "activation": "silu"},
    ),
    "resnet, bottleneck": (
        ResidualSpace,
        {
            "stages": 2,
            "block": "bottleneck",
            "width_0": 16,
            "width_1": 24,
            "shortcut": "pooled",
            "activation": "leaky_relu",
        },
    ),
}


@pytest.fixture(scope="module", params=list(NETWORKS))
def trained(request: pytest.FixtureRequest) -> tuple[keras.Model, Any, Any]:
    """A network of the family, a little trained; a thousand new images, and its classes."""
    space, values = NETWORKS[request.param]
    keras.utils.set_random_seed(0)
    hp = keras_tuner.HyperParameters()
    hp.values = {**SMALL, "schedule": "constant", **values}
    model = space((12, 12, 3), 4, 400, 4).build(hp)
    x, y = exports.scenes(400, seed=0)
    model.fit(x, np.eye(4)[y], batch_size=32, epochs=3, verbose=0)
    images, _ = exports.scenes(1_000, seed=1)
    expected = model.predict(images, batch_size=250, verbose=0).argmax(1)
    assert np.bincount(expected, minlength=4).max() < 950, "one class for all shows nothing"
    return model, images, expected


@pytest.mark.parametrize("format", ["keras", "tflite", "onnx"])
def test_the_file_agrees_with_the_model(
    trained: tuple[keras.Model, Any, Any], format: Format, tmp_path: Path
) -> None:
    model, images, expected = trained
    file = str(tmp_path / f"model.{format}")
    convert(model, format, file, None)
    found = runtimes.classify(format, file, images)
    assert np.mean(found == expected) >= 0.995
    # One image alone, as on a device, is given the same class.
    assert runtimes.classify(format, file, images[:1]) == found[:1]


@pytest.mark.parametrize("format", ["tflite", "onnx"])
@pytest.mark.parametrize("trained", ["dense", "cnn, max", "resnet, separable"], indirect=True)
def test_the_quantised_file_is_integer_arithmetic_and_nearly_as_good(
    trained: tuple[keras.Model, Any, Any], format: Format, tmp_path: Path
) -> None:
    model, images, expected = trained
    file = str(tmp_path / f"model.{format}")
    calibration, _ = exports.scenes(100, seed=2)
    convert(model, format, file, spread(calibration))
    found = runtimes.classify(format, file, images)
    assert np.mean(found == expected) >= 0.9
    kinds = _float_operators(format, file)
    assert not kinds, f"{kinds} run in float32"


def _float_operators(format: Format, file: str) -> set[str]:
    """Operators with weights or sums whose inputs are not quantised."""
    if format == "tflite":
        from ai_edge_litert.interpreter import Interpreter

        return {
            d["name"]
            for d in Interpreter(file).get_tensor_details()
            if d["dtype"] in (np.float32, np.float16)
        }
    import onnx

    graph = onnx.load(file).graph
    quantised = {o for n in graph.node if n.op_type == "DequantizeLinear" for o in n.output}
    heavy = [n for n in graph.node if n.op_type in ("Conv", "MatMul", "Gemm", "Add")]
    assert heavy
    return {n.op_type for n in heavy if not set(n.input[:2]) <= quantised}


def test_images_given_as_they_are_whatever_the_model_takes() -> None:
    inputs = keras.Input((4, 4, 1), dtype="float32")
    floats = keras.Model(inputs, keras.layers.Flatten()(inputs))
    wrapped = taking(floats, "uint8")
    assert wrapped.inputs[0].dtype == "uint8" and wrapped.inputs[0].name == "images"
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1) * 17
    assert wrapped.predict_on_batch(image).tolist() == [[17.0 * i for i in range(16)]]


def test_calibration_images_span_the_whole_range_of_a_pixel() -> None:
    images = np.full((1_000, 4, 4, 3), 100, np.uint8)
    taken = spread(images, 50)
    assert taken.shape == (50, 4, 4, 3)
    assert (taken.min(), taken.max()) == (0, 255)
    assert (images == 100).all() and (taken[1:] == 100).all()
    assert spread(images[:7]).shape == (7, 4, 4, 3)
