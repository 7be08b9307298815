"""How an exported file is used: what it takes and gives, and lines of Python that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.exports.facts import Exported

LOADED = {
    "keras": ("keras", "keras.models.load_model({file!r}).predict({given})[0]"),
    "tflite": (
        "ai_edge_litert.interpreter as litert",
        'litert.Interpreter({file!r}).get_signature_runner()({named})["output_0"][0]',
    ),
    "onnx": (
        "onnxruntime",
        "onnxruntime.InferenceSession({file!r}).run(None, {{{pairs}}})[0][0]",
    ),
}
"""What a snippet imports, and the expression that gives the scores of one example."""


def taken(made: Exported) -> str:
    """What the file takes, in words."""
    inputs = made.facts.inputs
    if inputs.images:
        return f"uint8 images {shape_of(inputs.shape, 'n')}, 0 to 255; no preprocessing needed"
    each = [
        f"{name!r}, {inputs.dtypes[name]} {shape_of(shape, 'n')}"
        for name, shape in inputs.shapes.items()
    ]
    return f"{'; '.join(each)}; numbers as the data has them, no preprocessing needed"


def given(made: Exported, classes: int, outputs: int) -> str:
    """What the file gives, in words."""
    if not classes:
        several = "the amounts" if outputs > 1 else "the amount"
        return f"{several}, [n, {outputs}], on the scale of the data"
    scores = f"a score for each class, [n, {classes}], the highest wins"
    quantised = made.int8 and made.format == "tflite" and made.facts.inputs.images
    return scores + ("; uint8, 256 times the probability" if quantised else "")


def snippet(made: Exported) -> str:
    """Lines that run the file on ``image.png``, or on an example of zeros."""
    inputs = made.facts.inputs
    # In the data's own names: `images`, or what its user calls several inputs.
    variables = {
        name: name if name.isidentifier() else f"input_{i}" for i, name in enumerate(inputs.names)
    }
    plain = ", ".join(variables.values()) if inputs.single else ""
    pairs = ", ".join(f'"{name}": {variable}' for name, variable in variables.items())
    named = ", ".join(f"{name}={variable}" for name, variable in variables.items())
    if any(not name.isidentifier() for name in variables):
        named = f"**{{{pairs}}}"
    module, expression = LOADED[made.format]
    scores = expression.format(
        file=made.file.name, given=plain or f"{{{pairs}}}", named=named, pairs=pairs
    )
    lines = _image(made, module) if inputs.images else _zeros(made, module, variables)
    classes = [str(c) for c in made.record.data[made.source.dataset]["classes"]]
    if classes:
        return "\n".join([*lines, f"scores = {scores}", f"print({classes}[scores.argmax()])"])
    return "\n".join([*lines, f"print({scores})"])


def _image(made: Exported, module: str) -> list[str]:
    height, width, channels = made.facts.inputs.shape
    mode = "L" if channels == 1 else "RGB"
    imports = (
        f"import {module}, numpy, PIL.Image"
        if made.format == "keras"
        else f"import numpy, PIL.Image, {module}"
    )
    batch = shape_of(made.facts.inputs.shape, "1")[1:-1]
    return [
        imports,
        f'image = PIL.Image.open("image.png").convert("{mode}").resize(({width}, {height}))',
        f"images = numpy.asarray(image).reshape({batch})",
    ]


def _zeros(made: Exported, module: str, variables: dict[str, str]) -> list[str]:
    inputs = made.facts.inputs
    zeros = [
        f'{variables[name]} = numpy.zeros(({shape_of(shape, "1")[1:-1]}), "{inputs.dtypes[name]}")'
        for name, shape in inputs.shapes.items()
    ]
    return [f"import numpy, {module}", *(f"{line}  # one example of yours" for line in zeros)]


def shape_of(shape: tuple[int, ...], batch: str) -> str:
    """``[n, 32, 32, 3]``."""
    return "[" + ", ".join([batch, *map(str, shape)]) + "]"
