"""Converts and measures one model, in a process of its own.

`tuner.exports.export` starts it, because the command's own process never imports a backend.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.causes import cause_of
from tuner.basics.child_process import Channel
from tuner.basics.files import elsewhere
from tuner.errors import ExportError, TunerError
from tuner.exports import runtimes
from tuner.exports.conversion import convert, spread
from tuner.exports.facts import Facts, Measured
from tuner.exports.graphs import as_graph
from tuner.exports.orders import ExportOrders, Format
from tuner.exports.refusals import refusal, unrunnable

CONVERTERS = ("ai-edge-litert", "onnx", "onnxruntime", "tf2onnx")


def export(orders: ExportOrders) -> Facts:
    """Writes the file and measures it.

    Raises:
        ExportError: The model cannot be read or converted.
    """
    import keras

    from tuner.basics.versions import installed, versions
    from tuner.exports.activations import peak
    from tuner.objectives.model_cost import cost_of_model

    data = orders.dataset()
    model, own = _load(orders)
    model = as_graph(model, orders.space["input_shape"])
    calibration = spread(data.train()[0]) if orders.int8 and data is not None else None
    height, width, channels = orders.space["input_shape"]
    shape = (height, width, channels)
    with keras.saving.custom_object_scope(own):  # to read what is written as well
        wrapped = _converted(
            model, orders.format, orders.part, calibration, shape, int8=orders.int8
        )
        measured = _measure(orders, model) if orders.measure else None
    cost = cost_of_model(model, np.zeros((1, *shape), np.uint8))
    return Facts(
        size=cost.size,
        total_size=cost.total_size,
        macs=cost.macs,
        bytes=Path(orders.part).stat().st_size,
        activations=peak(wrapped, int8=orders.int8),
        image_shape=shape,
        own_layers=bool(own),
        backend=keras.backend.backend(),
        versions={**versions(), **installed(CONVERTERS)},
        measured=measured,
    )


def _load(orders: ExportOrders) -> tuple[Any, dict[str, Any]]:
    """The model, and the classes of the search space's module, where it took them to read it.

    Not compiled, so that no optimizer is exported.
    """
    import keras

    try:
        return keras.models.load_model(orders.model_file, compile=False), {}
    except Exception as unknown:  # a broken archive, or a layer that Keras does not know
        from tuner.spaces.custom_objects import custom_objects, read_model
        from tuner.spaces.loading import load_space

        try:
            load_space(**orders.space)
            model = read_model(orders.model_file, orders.space["spec"])
        except Exception as error:
            raise ExportError(
                f"the model file {orders.model_file!r} cannot be read: {_line(error)}"
            ) from unknown
        return model, custom_objects(orders.space["spec"])


def _converted(
    model: Any,
    format: Format,
    file: str,
    calibration: Any,
    image_shape: tuple[int, int, int],
    *,
    int8: bool,
) -> Any:
    """Writes the file and classifies a black image: some that are written no runtime can run.

    Returns:
        The Keras model of what was written.

    Raises:
        ExportError: It cannot be written or run.
    """
    try:
        wrapped = convert(model, format, file, calibration, image_shape)
    except (TunerError, OSError):
        raise
    except Exception as error:
        raise ExportError(refusal(error, format, _names(model))) from error
    try:
        runtimes.classify(format, file, np.zeros((1, *image_shape), np.uint8))
    except Exception as error:
        raise ExportError(unrunnable(error, format, _names(model), int8=int8)) from error
    return wrapped


def _names(model: Any) -> set[str]:
    """Of all layers, those inside others included."""
    return {layer.name for layer in model._flatten_layers(include_self=False)}


def _measure(orders: ExportOrders, model: Any) -> Measured:
    data = orders.dataset()
    assert data is not None
    images, labels = data.test() if orders.images == "test" else data.validation()
    file = runtimes.classify(orders.format, orders.part, images)
    keras_model = np.argmax(model.predict(images, batch_size=512, verbose=0), axis=1)
    return Measured(
        which=orders.images,
        images=len(images),
        accuracy=float(np.mean(file == labels)),
        keras_accuracy=float(np.mean(keras_model == labels)),
        agreement=float(np.mean(file == keras_model)),
        runtime=runtimes.name(orders.format),
    )


def _line(error: BaseException) -> str:
    return cause_of(error).rstrip(".") + "."


def rehearse(orders: dict[str, Any], _: Channel) -> list[str]:
    """What a child process of `tuner.exports.rehearsal` does.

    Args:
        orders: ``space``, arguments of `load_space`, and ``formats``.

    Returns:
        Why the space's default model cannot be converted, a line for each format that refuses it.
    """
    from keras_tuner import HyperParameters

    from tuner.spaces.loading import load_space

    if hasattr(os, "nice"):
        os.nice(19)
    shape = tuple(orders["space"]["input_shape"])
    black = np.zeros((1, *shape), np.uint8)
    model = load_space(**orders["space"]).build(HyperParameters())
    model(black)  # one without an input of its own is built by its first call
    model = as_graph(model, shape)
    refused = []
    for format in orders["formats"]:
        with tempfile.TemporaryDirectory(prefix="tuner-export-") as folder:
            file = str(Path(folder) / f"model.{format}")
            try:
                _converted(model, format, file, None, shape, int8=False)
            except ExportError as error:
                refused.append(str(error))
    return refused


def work(orders: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """What the child process does.

    Raises:
        ExportError: Whatever went wrong.
    """
    try:
        return dataclasses.asdict(export(ExportOrders(**orders)))
    except TunerError:
        raise
    except OSError as error:
        if (other := elsewhere(error, Path(orders["part"]))) is not None:
            why = f"cannot use {other!r}: {error.strerror or _line(error)}; check that it is there."
            raise ExportError(why) from error
        why = f"cannot write the export: {error.strerror or _line(error)}; free some space."
        raise ExportError(why) from error
    except Exception as error:
        raise ExportError(f"the export failed with an unexpected {_line(error)}") from error
