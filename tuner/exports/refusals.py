"""Why a model cannot be converted, in one line: the converters' own errors are graphs."""

from __future__ import annotations

import re
from collections.abc import Collection

from tuner.basics.causes import cause_of
from tuner.exports import runtimes
from tuner.exports.orders import FORMATS, Format

NAMES = {"keras": "Keras", "tflite": "TFLite", "onnx": "ONNX"}
_TRACED = re.compile(r'fused\["(\w+):", "([^"@]*)')
_NODE = re.compile(r'In Node, \("([^"]*)", (\w+),')
_UNKNOWN_TO_TFLITE = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_UNKNOWN_TO_ONNX = re.compile(r"Tensorflow op \[([^:\]]*): (\w+)\] is not supported")
_CALLS = frozenset({"StatefulPartitionedCall", "PartitionedCall", "call"})


def refusal(error: BaseException, format: Format, layers: Collection[str] = ()) -> str:
    """What of the model the format cannot hold, and what to do.

    Args:
        error: What the conversion, or the first run of the file, met.
        format: Of the file that was to be written.
        layers: Names of the model's layers.
    """
    what = _operator(str(error))
    others = " or ".join(f for f in FORMATS if f != format)
    if what is None:
        return f"the model cannot be converted to {format}: {_line(error)}"
    operator, path = what
    found = _layer(path, layers)
    return (
        f"the model cannot be converted to {format}: {NAMES[format]} has no operator for "
        f"{operator}{f', which layer {found!r} needs' if found else ''}; "
        f"use another layer, or export as {others}."
    )


def unrunnable(error: BaseException, format: Format, layers: Collection[str], *, int8: bool) -> str:
    """Why the runtime of a format does not run the file that was converted."""
    if _operator(str(error)) is not None:
        return refusal(error, format, layers)
    instead = "--int8" if int8 else "this format"
    return (
        f"{runtimes.name(format)} does not run the {format} file that was converted: "
        f"{_line(error).rstrip('.')}; export without {instead}."
    )


def _operator(text: str) -> tuple[str, str] | None:
    """The operator that has no counterpart, and its place in the graph, where they are said."""
    if found := _UNKNOWN_TO_ONNX.search(text):
        return found[2], found[1]
    if found := _NODE.search(text):
        return found[2], found[1]
    places = [(op, path) for op, path in _TRACED.findall(text) if op not in _CALLS]
    if found := _UNKNOWN_TO_TFLITE.search(text):
        return found[1], next((path for op, path in places if op == found[1]), "")
    return places[0] if places else None


def _layer(path: str, layers: Collection[str]) -> str:
    """The innermost layer that ``model_1/model_1/lstm_1/TensorArrayV2_1`` is a part of."""
    for part in reversed(path.split("/")[:-1]):
        for name in (part, re.sub(r"_\d+$", "", part)):  # a layer called again is numbered
            if name in layers:
                return name
    return ""


def _line(error: BaseException) -> str:
    return cause_of(error).rstrip(".") + "."
