"""Converts and measures one model, in a process of its own.

`tuner.exports.export` starts it, because the command's own process never imports a backend.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.causes import cause_of
from tuner.basics.child_process import Channel
from tuner.basics.files import elsewhere, temporary_folder
from tuner.errors import ExportError, TunerError
from tuner.exports import runtimes
from tuner.exports.calibration import calibrating, examples_of
from tuner.exports.conversion import convert
from tuner.exports.facts import Facts, Measured
from tuner.exports.graphs import as_graph
from tuner.exports.inputs import Inputs
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
    inputs = Inputs.of(orders.space["input_shape"], orders.space.get("input_dtype", "uint8"))
    if orders.int8 and not inputs.single:
        raise ExportError(
            f"a model of {len(inputs.names)} inputs cannot be quantised to int8; export without "
            "--int8."
        )
    with keras.saving.custom_object_scope(own):
        logits = orders.classes and _logits(orders, inputs)
    model = as_graph(model, inputs, classes=orders.classes, logits=logits)
    calibration = calibrating(data) if orders.int8 and data is not None else None
    with keras.saving.custom_object_scope(own):  # to read what is written as well
        wrapped = _converted(
            model,
            orders.format,
            orders.part,
            calibration,
            inputs,
            int8=orders.int8,
            classes=orders.classes,
        )
        measured = _measure(orders, model, inputs) if orders.measure else None
    cost = cost_of_model(model, inputs.zeros())
    return Facts(
        size=cost.size,
        total_size=cost.total_size,
        macs=cost.macs,
        bytes=Path(orders.part).stat().st_size,
        activations=peak(wrapped, int8=orders.int8),
        inputs=inputs,
        own_layers=bool(own),
        backend=keras.backend.backend(),
        versions={**versions(), **installed(CONVERTERS)},
        measured=measured,
    )


def _logits(orders: ExportOrders, inputs: Inputs) -> bool:
    """Whether the model's loss takes its numbers for logits; of what cannot be read, not."""
    import keras

    from tuner.training.examples import Examples
    from tuner.training.readings import reading_of

    count = int(orders.space["num_classes"])
    try:
        compiled = keras.models.load_model(orders.model_file)
        x, y = inputs.zeros(), np.zeros(1, np.int64)
        return reading_of(compiled, Examples(x, y, x, y, count)).logits
    except Exception:  # a loss or an optimizer of the user's own that Keras cannot read
        return False


def _load(orders: ExportOrders) -> tuple[Any, dict[str, Any]]:
    """The model, and the classes of the search space's module, where it took them to read it.

    Not compiled, so that no optimizer is exported.
    """
    import keras

    try:
        return keras.models.load_model(orders.model_file, compile=False), {}
    except Exception as unknown:  # a broken archive, or a layer that Keras does not know
        from tuner.spaces import carried
        from tuner.spaces.custom_objects import custom_objects, read_model
        from tuner.spaces.loading import load_space

        try:
            carried.receive(orders.carried)
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
    inputs: Inputs,
    *,
    int8: bool,
    classes: bool = True,
) -> Any:
    """Writes the file and runs it on an example of zeros: some no runtime can run.

    Returns:
        The Keras model of what was written.

    Raises:
        ExportError: It cannot be written or run.
    """
    try:
        wrapped = convert(model, format, file, calibration, inputs, classes=classes)
    except (TunerError, OSError):
        raise
    except Exception as error:
        raise ExportError(refusal(error, format, _names(model))) from error
    try:
        runtimes.scores(format, file, [inputs.zeros()], inputs)
    except Exception as error:
        raise ExportError(unrunnable(error, format, _names(model), int8=int8)) from error
    return wrapped


def _names(model: Any) -> set[str]:
    """Of all layers, those inside others included."""
    return {layer.name for layer in model._flatten_layers(include_self=False)}


def _measure(orders: ExportOrders, model: Any, inputs: Inputs) -> Measured:
    data = orders.dataset()
    assert data is not None
    if orders.metric in orders.carried:
        from tuner.spaces import carried

        carried.receive({orders.metric: orders.carried[orders.metric]})
    metric = orders.measures
    parts = list(examples_of(data, orders.images))
    labels = np.concatenate([y for _, y in parts])
    file = _read(runtimes.scores(orders.format, orders.part, (x for x, _ in parts), inputs), labels)
    given = [model.predict(x, batch_size=512, verbose=0) for x, _ in parts]
    keras_model = _read(np.concatenate(given), labels)
    agreed = None
    if orders.classes:
        agreed = float(np.mean(file.argmax(axis=1) == keras_model.argmax(axis=1)))
    return Measured(
        which=orders.images,
        images=len(labels),
        accuracy=metric.of(labels, file),
        keras_accuracy=metric.of(labels, keras_model),
        agreement=agreed,
        runtime=runtimes.name(orders.format),
        metric=orders.metric,
        metric_direction=orders.metric_direction,
    )


def _read(scores: Any, answers: Any) -> Any:
    """Scores in the shape that metrics take: amounts as the answers have them."""
    found = np.asarray(scores)
    if found.dtype.kind in "iu":  # of a quantised file, 256 times a probability
        found = found.astype(np.float32) / 256
    if answers.ndim == 1 and found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    return found


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

    from tuner.spaces import carried
    from tuner.spaces.loading import load_space

    if hasattr(os, "nice"):
        os.nice(19)
    space = orders["space"]
    inputs = Inputs.of(space["input_shape"], space.get("input_dtype", "uint8"))
    classes = space.get("task", "classification") == "classification"
    carried.receive(orders.get("carried", {}))
    model = load_space(**space).build(HyperParameters())
    model(inputs.zeros())  # one without an input of its own is built by its first call
    try:
        model = as_graph(model, inputs, classes=classes)
    except ExportError as error:
        return [str(error)]
    refused = []
    for format in orders["formats"]:
        with temporary_folder("export") as folder:
            file = str(Path(folder) / f"model.{format}")
            try:
                _converted(model, format, file, None, inputs, int8=False, classes=classes)
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
