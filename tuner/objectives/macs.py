"""Multiply-accumulates of a model, counted in a call that is watched operation by operation.

What a layer's class or its output's shape says is not enough: a custom layer calls what it likes, a
recurrent one works once a step, attention multiplies activations with each other, a layer may be
called twice. So the model is called on one example, and every product of matrices and every
convolution that the backend carries out is counted by its shapes.

A multiply-accumulate is one multiplication and one addition. Biases, activations, normalisation and
pooling are left out, as is usual.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Shape = Sequence[int]


def count_macs(model: Any, example: Any) -> int | None:
    """Multiply-accumulates of one example.

    Args:
        model: A Keras model; one that has no weights yet is built by the call.
        example: What the model takes, a batch of one: an array [1, ...], or a structure of them.

    Returns:
        The count; None where a part of the model runs where it cannot be watched, such as a loop
        inside a compiled function.
    """
    import keras

    if not model.built:
        model(example)
    counters = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
    return counters[keras.backend.backend()](model, example)


def of_product(a: Shape, b: Shape, out: Shape) -> int:
    """Of a product of matrices, batched or not: each number of the result sums along one axis.

    The axis is the one of which both operands' matrices have what the result has not.
    """
    rows, columns = out[-2:] if len(out) > 1 else (1, out[-1])
    inner = math.isqrt(a[-2] * a[-1] * b[-2] * b[-1] // (rows * columns))
    return math.prod(out) * inner


def of_einsum(equation: str, shapes: Sequence[Shape]) -> int:
    """Of an Einstein sum: every combination of all its indices is one multiplication."""
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        before, dots, after = term.partition("...")
        names = list(before)
        if dots:
            names += [f"...{i}" for i in range(len(shape) - len(before) - len(after), 0, -1)]
        for name, size in zip([*names, *after], shape, strict=True):
            sizes[name] = max(size, sizes.get(name, 1))
    return math.prod(sizes.values())


class _Unwatched(Exception):  # noqa: N818 - not an error: the answer is "not known"
    """Something ran that cannot be counted."""


# TensorFlow ------------------------------------------------------------------------------------

_LOOPS = frozenset(
    {"While", "StatelessWhile", "For", "PartitionedCall", "XlaLaunch"}
    | {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
)
"""Operations that run a whole graph, perhaps many times, or a program of Python's."""


def _on_tensorflow(model: Any, example: Any) -> int | None:
    import tensorflow as tf

    total = 0

    def saw(op: Any, inputs: Any, attributes: Any, outputs: Any, *_: Any, **__: Any) -> None:
        nonlocal total
        name = op.decode() if isinstance(op, bytes) else op
        if name in _TENSORFLOW:
            total += _TENSORFLOW[name](inputs, _pairs(attributes), outputs)
        elif name in _LOOPS:
            raise _Unwatched(name)

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with _stepping(model, unroll=True), _watching(saw):
            model(example)
    except (_Unwatched, TypeError):  # TypeError: a shape that is not known inside a graph
        return None
    finally:
        tf.config.run_functions_eagerly(eager)
    return total


@contextmanager
def _stepping(model: Any, *, unroll: bool) -> Iterator[None]:
    """While recurrent layers take each step once.

    Keras calls the cells of a stack once more to learn the shapes of dropout, and a loop of
    TensorFlow's tries its first step twice.
    """
    import keras

    layers = [x for x in model._flatten_layers() if isinstance(x, keras.layers.RNN)]
    were = [layer.unroll for layer in layers]
    try:
        for layer in layers:
            layer.unroll = layer.unroll or unroll
            layer._maybe_config_dropout_masks = lambda *_: None
        yield
    finally:
        for layer, was in zip(layers, were, strict=True):
            layer.unroll = was
            del layer._maybe_config_dropout_masks


@contextmanager
def _watching(saw: Any) -> Iterator[None]:
    """TensorFlow's own hook on every operation; `tf.debugging` is built on it."""
    from tensorflow.python.framework import op_callbacks

    op_callbacks.add_op_callback(saw)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(saw)


def _pairs(attributes: Any) -> dict[str, Any]:
    """An operation's attributes, which come as names and values by turns."""
    flat = list(attributes or ())
    return dict(zip(flat[::2], flat[1::2], strict=False))


def _shape(tensor: Any) -> list[int]:
    return [int(size) for size in tensor.shape]


def _tf_product(inputs: Any, attributes: dict[str, Any], outputs: Any) -> int:
    return of_product(_shape(inputs[0]), _shape(inputs[1]), _shape(outputs[0]))


def _tf_convolution(inputs: Any, attributes: dict[str, Any], outputs: Any) -> int:
    # The kernel's third axis has the channels of one group, its last those of the output.
    return math.prod(_shape(outputs[0])) * math.prod(_shape(inputs[1])[:-1])


def _tf_depthwise(inputs: Any, attributes: dict[str, Any], outputs: Any) -> int:
    return math.prod(_shape(outputs[0])) * math.prod(_shape(inputs[1])[:-2])


def _tf_transposed(inputs: Any, attributes: dict[str, Any], outputs: Any) -> int:
    # Every number that comes in is multiplied with the kernel of its channel.
    return math.prod(_shape(inputs[2])) * math.prod(_shape(inputs[1])[:-1])


def _tf_einsum(inputs: Any, attributes: dict[str, Any], outputs: Any) -> int:
    equation = attributes["equation"]
    text = equation.decode() if isinstance(equation, bytes) else str(equation)
    return of_einsum(text, [_shape(t) for t in inputs])


_TENSORFLOW = {
    "MatMul": _tf_product,
    "BatchMatMul": _tf_product,
    "BatchMatMulV2": _tf_product,
    "BatchMatMulV3": _tf_product,
    "Conv2D": _tf_convolution,
    "Conv3D": _tf_convolution,
    "DepthwiseConv2dNative": _tf_depthwise,
    "Conv2DBackpropInput": _tf_transposed,
    "Conv3DBackpropInputV2": _tf_transposed,
    "Einsum": _tf_einsum,
}


# JAX -------------------------------------------------------------------------------------------


def _on_jax(model: Any, example: Any) -> int | None:
    import jax

    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def forward(x: Any) -> Any:
        return model.stateless_call(trainable, others, x)[0]

    try:
        with _stepping(model, unroll=False):
            return _in_jaxpr(jax.make_jaxpr(forward)(example).jaxpr)
    except _Unwatched:
        return None


def _in_jaxpr(jaxpr: Any) -> int:
    total = 0
    for equation in jaxpr.eqns:
        name, parameters = equation.primitive.name, equation.params
        if name == "dot_general":
            (over, _), _ = parameters["dimension_numbers"]
            left = equation.invars[0].aval.shape
            total += math.prod(equation.outvars[0].aval.shape) * math.prod(left[i] for i in over)
        elif name == "conv_general_dilated":
            total += _jax_convolution(equation)
        elif name in ("while", "pure_callback", "io_callback"):
            raise _Unwatched(name)
        elif name == "cond":
            total += max(_in_jaxpr(branch.jaxpr) for branch in parameters["branches"])
        else:
            times = parameters["length"] if name == "scan" else 1
            total += times * sum(_in_jaxpr(inner) for inner in _inside(parameters))
    return total


def _jax_convolution(equation: Any) -> int:
    x, kernel = (v.aval.shape for v in equation.invars)
    spec = equation.params["dimension_numbers"]
    taps = math.prod(kernel) // kernel[spec.rhs_spec[0]]
    if any(d > 1 for d in equation.params["lhs_dilation"]):  # transposed: zeros between what comes
        return int(math.prod(x) * math.prod(kernel) // kernel[spec.rhs_spec[1]])
    return int(math.prod(equation.outvars[0].aval.shape) * taps)


def _inside(parameters: dict[str, Any]) -> Iterator[Any]:
    """The programs that an operation runs."""
    for value in parameters.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                yield inner


# PyTorch ---------------------------------------------------------------------------------------


def _on_torch(model: Any, example: Any) -> int | None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(example)
    return int(counter.get_total_flops() // 2)
