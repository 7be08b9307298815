"""Runs an exported file with its format's own runtime."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.exports.orders import INPUT, Format

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


def classify(format: Format, file: str, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Classifies images with an exported file.

    Args:
        format: Of the file.
        file: Its path.
        images: uint8, [n, height, width, channels].

    Returns:
        The index of each image's highest score, [n].
    """
    score = _SCORERS[format](file)
    batches = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
    return np.concatenate([np.argmax(score(np.asarray(b)), axis=1) for b in batches])


def _keras(file: str) -> Any:
    import keras

    # This program has written it: the code of a Lambda in it has been run before.
    model = keras.models.load_model(file, compile=False, safe_mode=False)
    return lambda images: model.predict_on_batch(images)


def _tflite(file: str) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(file).get_signature_runner()
    return lambda images: next(iter(run(**{INPUT: images}).values()))


def _onnx(file: str) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {INPUT: images})[0]


_SCORERS = {"keras": _keras, "tflite": _tflite, "onnx": _onnx}
