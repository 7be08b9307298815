"""Models of users' own, with layers that converters stumble over, in each format's own runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tests.exports.test_conversion import pytestmark as pytestmark
from tuner.errors import ExportError
from tuner.exports import recurrent, runtimes
from tuner.exports.calibration import spread
from tuner.exports.conversion import convert
from tuner.exports.orders import Format
from tuner.exports.process import _names
from tuner.exports.refusals import refusal, unrunnable

SHAPE = (6, 6, 1)


def _of(*middle: Any, shape: tuple[int | None, ...] = SHAPE) -> keras.Model:
    end = layers.Dense(3, activation="softmax")
    return keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), *middle, end])


def _rows() -> keras.layers.Layer:
    return layers.Reshape((6, 6))


def _frames() -> keras.layers.Layer:
    return layers.Reshape((3, 4, 3, 1))


def _attention() -> keras.Model:
    inputs = keras.Input(SHAPE)
    x = _rows()(layers.Rescaling(1 / 255)(inputs))
    x = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 3)(x, x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


class Subclassed(keras.Model):
    """A model that says nothing of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.dense = layers.Flatten(), layers.Dense(3, activation="softmax")

    def call(self, x: Any) -> Any:
        return self.dense(self.flat(keras.ops.cast(x, "float32") / 255))


def _subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, *SHAPE), np.float32))
    return model


class Singular(keras.layers.Layer):
    """What neither TFLite nor ONNX has an operator for."""

    def call(self, x: Any) -> Any:
        return keras.ops.svd(x, compute_uv=False)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], shape[1])


def _nested() -> keras.Model:
    return _of(keras.Sequential([_rows(), layers.LSTM(4)]))


RECURRENT: dict[str, Callable[[], keras.Model]] = {
    "lstm": lambda: _of(_rows(), layers.LSTM(4, return_sequences=True), layers.LSTM(3)),
    "gru": lambda: _of(_rows(), layers.GRU(4)),
    "simple": lambda: _of(_rows(), layers.SimpleRNN(4, go_backwards=True)),
    "bidirectional": lambda: _of(_rows(), layers.Bidirectional(layers.GRU(3))),
    "convolutional": lambda: _of(_frames(), layers.ConvLSTM2D(2, 3), layers.Flatten()),
    "over time": lambda: _of(
        layers.Reshape((2, 3, 6)), layers.TimeDistributed(layers.LSTM(3)), layers.Flatten()
    ),
    "masked": lambda: _of(_rows(), layers.Masking(0.0), layers.LSTM(4)),
    "nested": _nested,
}
ANY_SIZE: dict[str, Callable[[], keras.Model]] = {
    "pooled": lambda: _of(
        layers.Conv2D(3, 3), layers.GlobalAveragePooling2D(), shape=(None, None, 1)
    ),
    "upsampled": lambda: _of(
        layers.UpSampling2D(2),
        layers.Conv2D(3, 3),
        layers.GlobalMaxPooling2D(),
        shape=(None, None, 1),
    ),
    "subclassed": _subclassed,
    "attention": _attention,
}


def _images() -> Any:
    return np.random.default_rng(0).integers(0, 256, (40, *SHAPE)).astype(np.uint8)


def _compare(model: keras.Model, format: Format, file: Path, near: float, int8: bool) -> None:
    images = _images()
    expected = model.predict(images, verbose=0)
    convert(model, format, str(file), spread(images) if int8 else None, SHAPE)
    for some in (slice(0, 40), slice(3, 4)):
        found = runtimes._SCORERS[format](str(file))(images[some])
        found = found / 256 if found.dtype == np.uint8 else found
        assert np.abs(found - expected[some]).max() < near


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_are_written_out_for_tflite(name: str, tmp_path: Path) -> None:
    model = RECURRENT[name]()
    _compare(model, "tflite", tmp_path / "model.tflite", 1e-5, int8=False)
    assert not [x for x in recurrent._layers(model) if x.unroll], "the model is as it was"


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_layers_can_be_quantised_and_keep_their_loop_in_onnx(
    name: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    _compare(RECURRENT[name](), "tflite", tmp_path / "model.tflite", 0.02, int8=True)
    _compare(RECURRENT[name](), "onnx", tmp_path / "model.onnx", 1e-5, int8=False)


@pytest.mark.parametrize("format", ["tflite", "onnx"])
@pytest.mark.parametrize("name", ANY_SIZE)
def test_models_of_any_size_take_the_images_that_they_were_trained_on(
    name: str, format: Format, tmp_path: Path
) -> None:
    _compare(ANY_SIZE[name](), format, tmp_path / f"model.{format}", 1e-5, int8=False)


def test_a_sequence_that_is_too_long_to_be_written_out_is_refused() -> None:
    model = _of(layers.Reshape((36, 1)), layers.LSTM(2))
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(ExportError, match=r"'lstm\w*' takes 36 steps.* as onnx or keras\.$"),
    ):
        patch.setattr(recurrent, "MOST_STEPS", 20)
        convert(model, "tflite", "unused.tflite", None)


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_what_a_format_has_no_operator_for_is_one_line(format: Format, tmp_path: Path) -> None:
    keras.backend.clear_session()
    model = _of(_rows(), Singular(name="values"))
    file = str(tmp_path / f"model.{format}")
    said = ""
    try:
        convert(model, format, file, None, SHAPE)
        runtimes.classify(format, file, _images())
    except Exception as error:
        said = unrunnable(error, format, _names(model), int8=False)
    name = {"tflite": "TFLite", "onnx": "ONNX"}[format]
    assert said.startswith(
        f"the model cannot be converted to {format}: {name} has no operator for Svd, which layer "
        "'values' needs; use another layer, or export as keras or "
    )
    assert "\n" not in said


def test_a_converters_trace_becomes_the_operator_and_the_layer() -> None:
    trace = (
        '<unknown>:0: error: loc(callsite(fused["TensorListReserve:", "seq_1/seq_1/lstm_2_1/TensorA'
        'rrayV2_1@__inference___call___3380"] at callsite(fused["StatefulPartitionedCall:", "Statef'
        'ulPartitionedCall@__inference_signature_wrapper"]))): requires element_shape to be static'
    )
    said = refusal(RuntimeError(trace), "tflite", {"lstm_2", "dense"})
    assert said == (
        "the model cannot be converted to tflite: TFLite has no operator for TensorListReserve, "
        "which layer 'lstm_2' needs; use another layer, or export as keras or onnx."
    )
    plain = refusal(ValueError("Unrolling requires a fixed number of timesteps."), "tflite")
    assert plain.endswith("to tflite: ValueError: Unrolling requires a fixed number of timesteps.")
    assert "export without --int8." in unrunnable(
        RuntimeError("failed to create XNNPACK runtime"), "tflite", (), int8=True
    )
