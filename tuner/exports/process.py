"""Converts and measures one model, in a process of its own.

`tuner.exports.export` starts it, because the command's own process never imports a backend.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.causes import cause_of
from tuner.basics.child_process import Channel
from tuner.basics.files import elsewhere
from tuner.errors import ExportError, TunerError
from tuner.exports import runtimes
from tuner.exports.facts import Facts, Measured
from tuner.exports.graphs import as_graph
from tuner.exports.orders import ExportOrders

CONVERTERS = ("ai-edge-litert", "onnx", "onnxruntime", "tf2onnx")


def export(orders: ExportOrders) -> Facts:
    """Writes the file and measures it.

    Raises:
        ExportError: The model cannot be read or converted.
    """
    import keras

    from tuner.basics.versions import installed, versions
    from tuner.exports.activations import peak
    from tuner.exports.conversion import convert, spread
    from tuner.objectives.model_cost import cost_of_model

    data = orders.dataset()
    model, own_layers = _load(orders)
    model = as_graph(model, orders.space["input_shape"])
    calibration = spread(data.train()[0]) if orders.int8 and data is not None else None
    try:
        wrapped = convert(model, orders.format, orders.part, calibration)
    except (TunerError, OSError):
        raise
    except Exception as error:
        why = f"the model cannot be converted to {orders.format}: {_line(error)}"
        raise ExportError(why) from error
    cost = cost_of_model(model, np.zeros((1, *orders.space["input_shape"]), np.uint8))
    _, height, width, channels = wrapped.inputs[0].shape
    return Facts(
        size=cost.size,
        total_size=cost.total_size,
        macs=cost.macs,
        bytes=Path(orders.part).stat().st_size,
        activations=peak(wrapped, int8=orders.int8),
        image_shape=(height, width, channels),
        own_layers=own_layers,
        backend=keras.backend.backend(),
        versions={**versions(), **installed(CONVERTERS)},
        measured=_measure(orders, model) if orders.measure else None,
    )


def _load(orders: ExportOrders) -> tuple[Any, bool]:
    """The model, and whether it took the search space's module to read it.

    Not compiled, so that no optimizer is exported.
    """
    import keras

    try:
        return keras.models.load_model(orders.model_file, compile=False), False
    except Exception as unknown:  # a broken archive, or a layer that Keras does not know
        from tuner.spaces.custom_objects import read_model
        from tuner.spaces.loading import load_space

        try:
            load_space(**orders.space)
            model = read_model(orders.model_file, orders.space["spec"])
        except Exception as error:
            raise ExportError(
                f"the model file {orders.model_file!r} cannot be read: {_line(error)}"
            ) from unknown
        return model, True


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
