"""What models on examples of every shape cost, against what was counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tuner.objectives.model_cost import cost_of_model

L = keras.layers


def windows() -> tuple[Any, Any, int, int]:
    inputs = L.Input((16, 3))
    x = L.Conv1D(4, 5)(inputs)
    made = keras.Model(inputs, L.Dense(2)(L.GlobalMaxPooling1D()(x)))
    return made, np.zeros((1, 16, 3), np.float32), 12 * 5 * 3 * 4 + 4 * 2, 5 * 3 * 4 + 4 + 4 * 2 + 2


def recurrent() -> tuple[Any, Any, int, int]:
    inputs = L.Input((6, 3))
    made = keras.Model(inputs, L.LSTM(4)(inputs))
    macs = 6 * 4 * (3 * 4 + 4 * 4)
    return made, np.zeros((1, 6, 3), np.float32), macs, 4 * (3 * 4 + 4 * 4 + 4)


def embedded() -> tuple[Any, Any, int, int]:
    inputs = L.Input((8,), dtype="int32")
    x = L.GlobalAveragePooling1D()(L.Embedding(30, 5)(inputs))
    made = keras.Model(inputs, L.Dense(2)(x))
    return made, np.ones((1, 8), np.int32), 5 * 2, 30 * 5 + 5 * 2 + 2


def several() -> tuple[Any, Any, int, int]:
    inputs = {name: L.Input((size,), name=name) for name, size in (("a", 3), ("b", 4))}
    joined = L.Concatenate()([L.Dense(2)(each) for each in inputs.values()])
    made = keras.Model(inputs, L.Dense(1)(joined))
    example = {"a": np.zeros((1, 3), np.float32), "b": np.zeros((1, 4), np.float32)}
    return made, example, 3 * 2 + 4 * 2 + 4, (3 * 2 + 2) + (4 * 2 + 2) + 5


@pytest.mark.parametrize("make", [windows, recurrent, embedded, several])
def test_it_is_what_was_counted_by_hand(make: Callable[[], tuple[Any, Any, int, int]]) -> None:
    model, example, macs, size = make()
    cost = cost_of_model(model, example)
    assert (cost.macs, cost.size) == (macs, size)
