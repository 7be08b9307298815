"""Converts and measures one model: ``python -m tuner.exports.process``.

Started by `tuner.exports.export` with its orders, one line of JSON, on standard input, because the
command's own process never imports a backend. Standard output carries one line of JSON, the facts
or an error; whatever the backend and the converters print goes to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from tuner.errors import ExportError, TunerError
from tuner.exports import runtimes
from tuner.exports.facts import Facts, Measured
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
    if len(getattr(model, "inputs", None) or ()) != 1:
        raise ExportError("only a model with one input, a batch of images, can be exported.")
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
        from tuner.spaces.loading import load_space

        # Importing the space registers layers of its own.
        try:
            load_space(**orders.space)
            return keras.models.load_model(orders.model_file, compile=False), True
        except Exception:
            raise ExportError(
                f"the model file {orders.model_file!r} cannot be read: {_line(unknown)}"
            ) from unknown


def _measure(orders: ExportOrders, model: Any) -> Measured:
    data = orders.dataset()
    assert data is not None
    images, labels = data.test()
    file = runtimes.classify(orders.format, orders.part, images)
    keras_model = np.argmax(model.predict(images, batch_size=512, verbose=0), axis=1)
    return Measured(
        images=len(images),
        accuracy=float(np.mean(file == labels)),
        keras_accuracy=float(np.mean(keras_model == labels)),
        agreement=float(np.mean(file == keras_model)),
        runtime=runtimes.name(orders.format),
    )


def _line(error: BaseException) -> str:
    first = next(iter(str(error).strip().splitlines()), "")[:300].rstrip(".")
    return f"{type(error).__name__}: {first}." if first else f"{type(error).__name__}."


def main() -> int:
    """Reads the orders and prints the answer; returns the exit code."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the converters print to standard output, from C++ too
    orders = ExportOrders(**json.loads(sys.stdin.readline()))
    sys.path.insert(0, str(Path.cwd()))  # a space given as module:Class may lie there
    answer: dict[str, Any]
    try:
        answer = {"facts": dataclasses.asdict(export(orders))}
    except TunerError as error:
        answer = {"error": str(error), "traceback": traceback.format_exc()}
    except OSError as error:
        why = f"cannot write the export: {error.strerror or _line(error)}; free some space."
        answer = {"error": why, "traceback": traceback.format_exc()}
    except Exception as error:
        why = f"the export failed with an unexpected {_line(error)}"
        answer = {"error": why, "traceback": traceback.format_exc()}
    print(json.dumps(answer), file=answers, flush=True)
    return 2 if "error" in answer else 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Backends may hang in their own tear-down; the answer has been given.
    os._exit(code)
