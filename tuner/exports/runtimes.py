"""Runs an exported file with its format's own runtime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.exports.inputs import Inputs
from tuner.exports.orders import Format

BATCH = 256
PACKAGES: dict[Format, tuple[str, str]] = {
    "keras": ("Keras", "keras"),
    "tflite": ("LiteRT", "ai-edge-litert"),
    "onnx": ("ONNX Runtime", "onnxruntime"),
}
"""Each format's runtime and the package it comes in."""


def name(format: Format) -> str:
    """The runtime with its version, ``LiteRT 2.0.3``."""
    called, package = PACKAGES[format]
    return f"{called} {metadata.version(package)}"


def classify(format: Format, file: str, images: Any) -> NDArray[np.int64]:
    """Classifies examples with an exported file; arguments as of `scores`.

    Returns:
        The index of each example's highest score, [n].
    """
    found: NDArray[np.int64] = np.argmax(scores(format, file, [images]), axis=1)
    return found


def scores(
    format: Format, file: str, parts: Iterable[Any], inputs: Inputs | None = None
) -> NDArray[Any]:
    """What an exported file gives.

    Args:
        format: Of the file.
        file: Its path.
        parts: Examples, [n, ...] each, or several inputs by name.
        inputs: What the file takes; None: the examples as they are.

    Returns:
        Scores of all examples, [n, ...].
    """
    score = _SCORERS[format](file)
    found = []
    for part in parts:
        given = part if inputs is None else inputs.by_name(part)
        if inputs is not None and inputs.single:
            (given,) = given.values()
        count = len(next(iter(given.values())) if isinstance(given, Mapping) else given)
        for start in range(0, count, BATCH):
            rows = slice(start, start + BATCH)
            found.append(np.asarray(score(_cut(given, rows))))
    return np.concatenate(found)


def _cut(given: Any, rows: slice) -> Any:
    if isinstance(given, Mapping):
        return {name: np.asarray(array[rows]) for name, array in given.items()}
    return np.asarray(given[rows])


def _keras(file: str) -> Any:
    import keras

    # This program has written it: the code of a Lambda in it has been run before.
    model = keras.models.load_model(file, compile=False, safe_mode=False)
    return lambda examples: model.predict_on_batch(examples)


def _tflite(file: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(file).get_signature_runner()
    names = list(run.get_input_details())
    return lambda examples: next(iter(run(**_named(examples, names)).values()))


def _onnx(file: str) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return lambda examples: session.run(None, _named(examples, names))[0]


def _named(examples: Any, names: list[str]) -> dict[str, Any]:
    """Examples by the names that a file has for its inputs."""
    return dict(examples) if isinstance(examples, Mapping) else {names[0]: examples}


_SCORERS = {"keras": _keras, "tflite": _tflite, "onnx": _onnx}
