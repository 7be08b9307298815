"""Multiply-accumulates of layers whose count is known from their definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tuner.objectives.macs import count_macs, of_einsum, of_product
from tuner.objectives.model_cost import cost_of_model
from tuner.training.engines.settling import numbers

L = keras.layers


def on(shape: tuple[int, ...], build: Callable[[Any], Any]) -> keras.Model:
    inputs = L.Input(shape)
    return keras.Model(inputs, build(inputs))


def twice(x: Any) -> Any:
    layer = L.Dense(8, use_bias=False)
    return layer(layer(x))


class Custom(keras.layers.Layer):
    """Calls operations without layers, and layers that no graph of Keras's knows of."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = L.Conv2D(5, 3, padding="same")

    def call(self, x: Any) -> Any:
        y = self.inner(x)
        return keras.ops.matmul(y, keras.ops.transpose(y, (0, 1, 3, 2)))


# n steps of an LSTM of u units on d numbers: four gates, each of them (d + u) u.
CASES: dict[str, tuple[tuple[int, ...], Callable[[Any], Any], int]] = {
    "dense": ((7,), L.Dense(5), 7 * 5),
    "dense on a sequence": ((4, 7), L.Dense(5), 4 * 7 * 5),
    "convolution": ((8, 8, 3), L.Conv2D(4, 3), 6 * 6 * 9 * 3 * 4),
    "padded": ((8, 8, 3), L.Conv2D(4, 3, strides=2, padding="same"), 4 * 4 * 9 * 3 * 4),
    "groups": ((8, 8, 4), L.Conv2D(6, 3, groups=2), 6 * 6 * 9 * 2 * 6),
    "of one dimension": ((9, 3), L.Conv1D(4, 3), 7 * 3 * 3 * 4),
    "of three": ((4, 4, 4, 2), L.Conv3D(3, 2), 3**3 * 8 * 2 * 3),
    "depthwise": ((8, 8, 3), L.DepthwiseConv2D(3), 6 * 6 * 9 * 3),
    "separable": ((8, 8, 3), L.SeparableConv2D(4, 3), 6 * 6 * 9 * 3 + 6 * 6 * 3 * 4),
    "transposed": ((8, 8, 3), L.Conv2DTranspose(4, 2, strides=2), 8 * 8 * 4 * 3 * 4),
    "lstm": ((16, 8), L.LSTM(4), 16 * 4 * (8 + 4) * 4),
    "gru": ((16, 8), L.GRU(4), 16 * 3 * (8 + 4) * 4),
    "both directions": ((16, 8), L.Bidirectional(L.LSTM(4)), 2 * 16 * 4 * (8 + 4) * 4),
    "each step": ((16, 8), L.TimeDistributed(L.Dense(4)), 16 * 8 * 4),
    # Queries, keys, values and the way out; and the scores and their sums for two heads of four.
    "attention": (
        (16, 8),
        lambda x: L.MultiHeadAttention(2, 4)(x, x),
        4 * 16 * 8 * 8 + 2 * 2 * 16 * 16 * 4,
    ),
    "several cells in one": (
        (16, 8),
        L.RNN([L.SimpleRNNCell(4), L.SimpleRNNCell(5)]),
        16 * ((8 + 4) * 4 + (4 + 5) * 5),
    ),
    "operations without layers": (
        (4, 6),
        lambda x: keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))),
        4 * 4 * 6,
    ),
    "called twice": ((8,), twice, 2 * 8 * 8),
    "custom": ((8, 8, 3), lambda x: Custom()(x), 8 * 8 * 9 * 3 * 5 + 8 * 8 * 5 * 8),
    "nothing": ((8, 8, 3), L.Flatten(), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_layers(name: str) -> None:
    shape, build, expected = CASES[name]
    example = np.zeros((1, *shape), np.float32)
    made = on(shape, build)
    assert count_macs(made, example) == expected
    assert cost_of_model(made, example).macs == expected  # the short way, where there is one


def test_a_model_without_an_input_is_built_by_the_call() -> None:
    made = keras.Sequential([L.Flatten(), L.Dense(5)])
    assert count_macs(made, np.zeros((1, 4, 4), np.uint8)) == 16 * 5
    assert made.count_params() == 16 * 5 + 5


def test_sizes_that_the_model_leaves_open_are_the_examples() -> None:
    made = on((None, None, 1), L.Conv2D(4, 3))
    assert count_macs(made, np.zeros((1, 10, 8, 1), np.float32)) == 8 * 6 * 9 * 4


def test_several_inputs() -> None:
    a, b = L.Input((3,)), L.Input((4,))
    made = keras.Model([a, b], L.Dense(2)(L.Concatenate()([a, b])))
    assert count_macs(made, [np.zeros((1, 3)), np.zeros((1, 4))]) == 7 * 2


def test_a_model_of_ones_own_class() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = L.Dense(6)

        def call(self, x: Any) -> Any:
            return self.dense(self.dense(x))

    assert count_macs(Own(), np.zeros((1, 6), np.float32)) == 2 * 6 * 6


def test_counting_changes_nothing() -> None:
    made = on((8, 8, 3), lambda x: L.Dropout(0.5)(L.BatchNormalization()(x)))
    before = [numbers(w).copy() for w in made.variables]
    count_macs(made, np.ones((1, 8, 8, 3), np.float32))
    for was, now in zip(before, made.variables, strict=True):
        np.testing.assert_array_equal(was, numbers(now))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own functions")
def test_a_compiled_function_is_looked_into() -> None:
    import tensorflow as tf

    class Compiled(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(6, 6))

        @tf.function
        def call(self, x: Any) -> Any:
            for _ in tf.range(3):
                x = tf.matmul(x, self.kernel)
            return x

    assert count_macs(on((6,), Compiled()), np.zeros((1, 6), np.float32)) == 3 * 6 * 6


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own functions")
def test_of_what_python_computes_nothing_is_known() -> None:
    import tensorflow as tf

    class Escaping(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            kernel = np.ones((6, 6), np.float32)
            found = tf.py_function(lambda a: np.asarray(a) @ kernel, [x], tf.float32)
            return tf.ensure_shape(found, (None, 6))

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    assert count_macs(on((6,), Escaping()), np.zeros((1, 6), np.float32)) is None


@pytest.mark.parametrize(
    ("a", "b", "out", "macs"),
    [
        ((2, 3), (3, 4), (2, 4), 24),
        ((3, 2), (3, 4), (2, 4), 24),  # the first operand transposed
        ((5, 2, 3), (5, 3, 4), (5, 2, 4), 120),
        ((5, 2, 3), (3, 4), (5, 2, 4), 120),
        ((1, 1), (1, 1), (1, 1), 1),
    ],
)
def test_products(a: Any, b: Any, out: Any, macs: int) -> None:
    assert of_product(a, b, out) == macs


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)], 24),
        ("...x,xy->...y", [(5, 6, 3), (3, 4)], 360),
        ("aecd, abcd -> acbe", [(1, 16, 2, 4), (1, 16, 2, 4)], 16 * 16 * 2 * 4),
        ("bij,bjk,bkl", [(2, 3, 4), (2, 4, 5), (2, 5, 6)], 2 * 3 * 4 * 5 * 6),
    ],
)
def test_einstein_sums(equation: str, shapes: Any, macs: int) -> None:
    assert of_einsum(equation, shapes) == macs
