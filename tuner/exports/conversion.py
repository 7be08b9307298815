"""Turns a Keras model into a file that takes uint8 images."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.errors import ExportError
from tuner.exports.orders import INPUT, Format
from tuner.exports.recurrent import unrolled

CALIBRATION_IMAGES = 500
"""Training images that show a quantiser the range of each activation."""
OPSET = 17
"""Of ONNX; ONNX Runtime reads it since 1.12."""

Images = NDArray[np.uint8]


def convert(
    model: Any,
    format: Format,
    file: str,
    calibration: Images | None,
    image_shape: Sequence[int] | None = None,
) -> Any:
    """Writes a model that takes uint8 images, [n, height, width, channels], whatever n.

    Args:
        model: A Keras model that takes images in 0..255, of whatever type.
        format: What to write.
        file: Where to.
        calibration: Training images; the file is then quantised to int8.
        image_shape: [height, width, channels] of the images that TFLite and ONNX files are to
            take, for models that take any; default: what the model says.

    Returns:
        The Keras model of what was written, from images to scores.

    Raises:
        ExportError: The quantised model would not take images as they are.
    """
    if format == "keras":
        wrapped = taking(model, "uint8", image_shape)
        wrapped.save(file)
    elif format == "tflite":
        with unrolled(model):
            # A quantised input is the image itself, so the model under it takes floats.
            kind = "uint8" if calibration is None else "float32"
            wrapped = taking(model, kind, image_shape, fixed=True)
            _tflite(wrapped, file, calibration)
    else:
        wrapped = taking(model, "uint8", image_shape, fixed=True)
        _onnx(wrapped, file, calibration)
    return wrapped


def taking(
    model: Any, dtype: str, image_shape: Sequence[int] | None = None, *, fixed: bool = False
) -> Any:
    """The model with an input called `images` of this type, and a cast where it takes another.

    Args:
        model: A Keras model; one with a ``call`` of its own says nothing of its input.
        dtype: What the images are.
        image_shape: [height, width, channels] of images; needed where the model says nothing.
        fixed: Whether the model shall take images of this shape only, though it could take others.
    """
    import keras

    given = getattr(model, "inputs", None)
    shape = tuple(given[0].shape[1:] if given else image_shape or ())
    if fixed and image_shape is not None and None in shape:
        shape = tuple(image_shape)
    own = given[0].dtype if given else model.input_dtype
    images = keras.Input(shape, dtype=dtype, name=INPUT)
    cast = images if own == dtype else keras.ops.cast(images, own)
    return keras.Model(images, model(cast), name=model.name)


def spread(images: Images, count: int = CALIBRATION_IMAGES) -> Images:
    """At most `count` images, evenly from all over, with 0 and 255 among their values.

    A quantiser takes the smallest and the largest value that it sees for the input's range. Two
    pixels make that the range of uint8, so that an image need not be scaled to be classified.
    """
    chosen = np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)
    taken = np.array(images[chosen])
    taken[0, 0, 0], taken[0, -1, -1] = 0, 255
    return taken


def _tflite(model: Any, file: str, calibration: Images | None) -> None:
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [image[None].astype(np.float32)] for image in calibration
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
            converter.inference_output_type = tf.uint8
        content = converter.convert()
    Path(file).write_bytes(content)
    if calibration is not None:
        _check_input(content)


def _check_input(content: bytes) -> None:
    from ai_edge_litert.interpreter import Interpreter

    (details,) = Interpreter(model_content=content).get_input_details()
    scale, zero = details["quantization"]
    if details["dtype"] != np.uint8 or abs(scale - 1) > 1e-6 or zero != 0:
        raise ExportError(
            f"the quantised model takes values scaled by {scale:g} from {zero} instead of plain "
            "images; the search space's model must not clip or scale its input before a layer."
        )


def _onnx(model: Any, file: str, calibration: Images | None) -> None:
    _, height, width, channels = model.inputs[0].shape
    model(np.zeros((1, height, width, channels), np.uint8))  # Keras exports what was called
    if calibration is None:
        model.export(file, format="onnx", opset_version=OPSET, verbose=False)
        return
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        plain, prepared = str(Path(folder, "plain.onnx")), str(Path(folder, "prepared.onnx"))
        model.export(plain, format="onnx", opset_version=OPSET, verbose=False)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            file,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Weights of seven bits: processors without VNNI multiply bytes in pairs into sixteen
            # bits, which two products of eight bits overflow without a word.
            reduce_range=True,
        )


class _Reader:
    """Gives ONNX Runtime's quantiser its images."""

    def __init__(self, images: Images, batch: int = 32) -> None:
        self._batches: Iterator[Images] = (
            images[i : i + batch] for i in range(0, len(images), batch)
        )

    def get_next(self) -> dict[str, Images] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}
