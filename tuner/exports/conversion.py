"""Turns a Keras model into a file that takes examples as the data has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.files import temporary_folder
from tuner.errors import ExportError
from tuner.exports.inputs import Inputs
from tuner.exports.orders import Format
from tuner.exports.recurrent import unrolled

OPSET = 17
"""Of ONNX; ONNX Runtime reads it since 1.12."""


def convert(
    model: Any,
    format: Format,
    file: str,
    calibration: Any,
    inputs: Inputs | Sequence[int] | None = None,
    *,
    classes: bool = True,
) -> Any:
    """Writes a model that takes examples as the data has them, [n, ...], whatever n.

    Args:
        model: A Keras model that takes such examples, of whatever type.
        format: What to write.
        file: Where to.
        calibration: Training examples; the file is then quantised to int8.
        inputs: What TFLite and ONNX files are to take, for models that take any; default: images
            in bytes, of the shape that the model says.
        classes: Whether it gives classes, not amounts.

    Returns:
        The Keras model of what was written, from examples to scores.

    Raises:
        ExportError: The quantised model would not take images as they are.
    """
    if inputs is not None and not isinstance(inputs, Inputs):
        inputs = Inputs.of(inputs)
    if format == "keras":
        wrapped = taking(model, "uint8", inputs)
        wrapped.save(file)
    elif format == "tflite":
        with unrolled(model):
            # A quantised input is the image itself, so the model under it takes floats.
            kind = "uint8" if calibration is None else "float32"
            wrapped = taking(model, kind, inputs, fixed=True)
            images = inputs is None or inputs.images
            _tflite(wrapped, file, calibration, Quantised(images, images and classes))
    else:
        wrapped = taking(model, "uint8", inputs, fixed=True)
        _onnx(wrapped, file, calibration)
    return wrapped


def taking(
    model: Any, dtype: str, inputs: Inputs | Sequence[int] | None = None, *, fixed: bool = False
) -> Any:
    """The model with inputs of the data's names and types, and casts where it takes others.

    Args:
        model: A Keras model; one with a ``call`` of its own says nothing of its input.
        dtype: What images are; other examples have the type that they have.
        inputs: What it is to take; needed where the model says nothing.
        fixed: Whether the model shall take examples of this shape only, though it could others.
    """
    import keras

    given = list(getattr(model, "inputs", None) or ())
    if inputs is not None and not isinstance(inputs, Inputs):
        inputs = Inputs.of(inputs)
    if inputs is None:
        inputs = Inputs.of(given[0].shape[1:])
    own = _own_inputs(model, given, inputs)
    tensors, casts = {}, {}
    for name, shape in inputs.shapes.items():
        kept, takes = own.get(name, (shape, model.input_dtype))
        if (fixed and None in kept) or not kept:
            kept = shape
        wanted = dtype if inputs.images else inputs.dtypes[name]
        tensors[name] = keras.Input(kept, dtype=wanted, name=name)
        casts[name] = tensors[name] if takes == wanted else keras.ops.cast(tensors[name], takes)
    if inputs.single:
        (tensor,), (cast,) = tensors.values(), casts.values()
        return keras.Model(tensor, model(cast), name=model.name)
    return keras.Model(tensors, model(casts), name=model.name)


def _own_inputs(model: Any, given: list[Any], inputs: Inputs) -> dict[str, tuple[Any, str]]:
    """Shape and type of each input, as the model has them."""
    found = [(tuple(tensor.shape[1:]), str(tensor.dtype)) for tensor in given]
    names = inputs.names if inputs.single else list(getattr(model, "input_names", ()))
    struct = getattr(model, "_inputs_struct", None)
    if isinstance(struct, Mapping):  # flattened in the order of its keys
        names = sorted(struct)
    return dict(zip(names, found, strict=False))


@dataclass(frozen=True)
class Quantised:
    """What of a quantised TFLite file are bytes, and not floats.

    Attributes:
        inputs: What it takes: images.
        outputs: What it gives: 256 times a probability.
    """

    inputs: bool
    outputs: bool


def _tflite(model: Any, file: str, calibration: Any, quantised: Quantised) -> None:
    import tensorflow as tf

    with temporary_folder("export") as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [image[None].astype(np.float32)] for image in calibration
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            if quantised.inputs:
                converter.inference_input_type = tf.uint8
            if quantised.outputs:
                converter.inference_output_type = tf.uint8
        content = converter.convert()
    Path(file).write_bytes(content)
    if calibration is not None and quantised.inputs:
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


def _onnx(model: Any, file: str, calibration: Any) -> None:
    zeros = {t.name: np.zeros((1, *t.shape[1:]), t.dtype) for t in model.inputs}
    one = len(zeros) == 1 and not isinstance(model._inputs_struct, Mapping)
    model(next(iter(zeros.values())) if one else zeros)  # Keras exports what was called
    if calibration is None:
        model.export(file, format="onnx", opset_version=OPSET, verbose=False)
        return
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with temporary_folder("export") as folder:
        plain, prepared = str(Path(folder, "plain.onnx")), str(Path(folder, "prepared.onnx"))
        model.export(plain, format="onnx", opset_version=OPSET, verbose=False)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            file,
            _Reader(model.inputs[0].name, calibration),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Weights of seven bits: processors without VNNI multiply bytes in pairs into sixteen
            # bits, which two products of eight bits overflow without a word.
            reduce_range=True,
        )


class _Reader:
    """Gives ONNX Runtime's quantiser its examples."""

    def __init__(self, name: str, examples: Any, batch: int = 32) -> None:
        self._name = name
        self._batches: Iterator[Any] = (
            examples[i : i + batch] for i in range(0, len(examples), batch)
        )

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}
