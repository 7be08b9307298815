"""What models cost, and which of it a study may minimise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tuner.errors import StudyError
from tuner.objectives.macs import count_macs
from tuner.objectives.model_cost import ModelCost, cost_of_model
from tuner.objectives.quantities import QUANTITIES, Quantity, quantity_of
from tuner.specs.files import parse

L = keras.layers
IMAGE = np.zeros((1, 8, 8, 3), np.uint8)
STUDY = """
kind = "search"
question = "How small?"
data = "mnist"
space = "search_spaces.dense:DenseSpace"
target = 0.9
minimize = "{}"
"""


def test_costs_of_every_kind_of_layer() -> None:
    built = keras.Sequential(
        [
            L.Input((8, 8, 3)),
            L.Conv2D(4, 3, padding="same", use_bias=False),  # 108 weights, 64 positions
            L.BatchNormalization(),  # 8 trainable, 8 not
            L.DepthwiseConv2D(3, strides=2, padding="same"),  # 36 + 4, 16 positions
            L.SeparableConv2D(6, 3, padding="same"),  # 36 + 24 + 6, 16 positions
            L.Dropout(0.5),  # its seed is no parameter
            keras.Sequential([L.GlobalAveragePooling2D(), L.Dense(10)]),  # 60 + 10
        ]
    )
    cost = cost_of_model(built, IMAGE)
    assert cost.size == 108 + 8 + 40 + 66 + 70
    assert cost.total_size == cost.size + 8
    assert cost.macs == 108 * 64 + 36 * 16 + (36 + 24) * 16 + 60
    assert cost.bytes == 4 * cost.total_size
    built.layers[0].trainable = False
    assert cost_of_model(built, IMAGE).size == cost.size - 108
    assert cost_of_model(built, IMAGE).macs == cost.macs


@pytest.mark.parametrize("space", ["dense:DenseSpace", "cnn:ConvSpace", "resnet:ResidualSpace"])
def test_plain_layers_are_counted_as_a_watched_call_counts_them(space: str) -> None:
    from tuner.spaces.loading import load_space

    made = load_space(
        f"search_spaces.{space}",
        input_shape=(8, 8, 3),
        num_classes=3,
        train_size=100,
        horizon=2,
        options={},
    )
    import keras_tuner

    model = made.build(keras_tuner.HyperParameters())
    assert cost_of_model(model, IMAGE).macs == count_macs(model, IMAGE)


class Subclassed(keras.Model):
    """Has no weights before its first call, and no graph."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.dense = L.Flatten(), L.Dense(5)

    def call(self, x: Any) -> Any:
        return self.dense(self.flat(x))


@pytest.mark.parametrize(
    "made", [lambda: keras.Sequential([L.Flatten(), L.Dense(5)]), Subclassed], ids=["open", "own"]
)
def test_a_model_without_weights_is_built_first(made: Any) -> None:
    cost = cost_of_model(made(), IMAGE)
    assert (cost.size, cost.macs) == (192 * 5 + 5, 192 * 5)


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda q: q.name)
def test_every_quantity_can_be_minimised(quantity: Quantity) -> None:
    assert quantity_of(quantity.name) is quantity
    study = parse(STUDY.format(quantity.name), "study.toml")
    assert study.kind == "search" and study.minimize == quantity.name
    found = quantity.of_cost(ModelCost(size=10, total_size=12, macs=30))
    assert found is not None and found > 0


def test_what_they_are() -> None:
    cost = ModelCost(size=10, total_size=12, macs=30)
    for name, expected in (("size", 10), ("macs", 30), ("bytes", 48)):
        assert QUANTITIES[name].of_cost(cost) == expected
    assert QUANTITIES["macs"].of_cost(ModelCost(size=10, total_size=12, macs=None)) is None


def test_a_file_has_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.write_bytes(b"12345")
    assert QUANTITIES["bytes"].of_file(file) == 5
    assert QUANTITIES["size"].of_file(file) is None


def test_another_quantity_is_refused() -> None:
    with pytest.raises(StudyError, match=r"should be 'size', 'macs'.* or .* but got 'watts'"):
        parse(STUDY.format("watts"), "study.toml")
