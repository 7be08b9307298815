"""Every family: what it measures is what it builds."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import optuna
import pytest

from search_spaces.base import ImageSpace
from search_spaces.cnn import ConvSpace
from search_spaces.dense import DenseSpace
from search_spaces.keras_model import to_keras
from search_spaces.network import Cost
from search_spaces.resnet import ResidualSpace
from tuner.spaces.hyperparameters import TrialHyperParameters

# Keras 3.15 reads TensorFlow's variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")

SHAPES = [(32, 32, 3), (28, 28, 1), (9, 14, 3)]
FAMILIES: dict[str, Callable[..., ImageSpace]] = {
    "dense": lambda *args: DenseSpace(*args, downsample=True),
    "cnn": ConvSpace,
    "resnet": ResidualSpace,
}


def counted(model: Any) -> Cost:
    """Counted on the Keras model, by other means than the closed form's."""
    macs = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            macs += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, keras.layers.Dense):
            macs += math.prod(layer.kernel.shape)
    size = sum(math.prod(v.shape) for v in model.trainable_variables)
    return Cost(size, model.count_params(), macs)


@pytest.mark.parametrize("family", FAMILIES)
def test_closed_form_equals_the_model_in_random_configurations(family: str) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    spaces = [FAMILIES[family](shape, 10, 1000, 5) for shape in SHAPES]
    built = 0
    while built < 100:
        space = spaces[built % 3]
        hp = TrialHyperParameters(study.ask())
        try:
            _, network = space.describe(hp)
        except ValueError:
            with pytest.raises(ValueError, match="leaves no pixel"):
                space.measure(hp.values)
            with pytest.raises(ValueError, match="leaves no pixel"):
                space.build(TrialHyperParameters(study.trials[-1]))
            continue
        model = to_keras(network)
        assert space.measure(hp.values) == counted(model)
        assert model.output_shape == (None, 10)
        built += 1


@pytest.mark.parametrize("family", FAMILIES)
def test_build_compiles_what_measure_measured(family: str) -> None:
    space = FAMILIES[family]((12, 12, 3), 4, 1000, 5)
    hp = keras_tuner.HyperParameters()
    model = space.build(hp)
    assert counted(model) == space.measure({}) == space.measure({**hp.values, "other": 1})
    images = np.zeros((8, 12, 12, 3), np.uint8)
    labels = np.eye(4, dtype=np.float32)[np.arange(8) % 4]
    history = model.fit(images, labels, batch_size=4, verbose=0).history
    assert set(history) == {"accuracy", "loss"}


@pytest.mark.parametrize("family", FAMILIES)
def test_defaults_learn(family: str) -> None:
    """Squares on one side or the other: a net that trains at all tells them apart."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 256)
    images = random.integers(0, 60, (256, 16, 16, 3))
    for i, label in enumerate(labels):
        top, left = random.integers(0, 10, 2)
        images[i, top : top + 6, left : left + 6, 0 if label else 2] += 150
    keras.utils.set_random_seed(0)
    space = FAMILIES[family]((16, 16, 3), 2, 256, 12)
    hp = keras_tuner.HyperParameters()
    hp.values["batch_size"] = 32
    model = space.build(hp)
    one_hot = np.eye(2, dtype=np.float32)[labels]
    model.fit(images.astype(np.uint8), one_hot, batch_size=32, epochs=12, verbose=0)
    assert model.evaluate(images, one_hot, verbose=0)[1] > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_model_loads_without_the_project(family: str, tmp_path: Path) -> None:
    model = FAMILIES[family]((12, 12, 3), 4, 1000, 5).build(keras_tuner.HyperParameters())
    images = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3))
    model.train_on_batch(images, np.eye(4, dtype=np.float32))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(
        again.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("space", "small", "large"),
    [
        (DenseSpace, {"units_0": 2}, {"depth": 3, "units_0": 1024, "units_1": 1024}),
        (
            ConvSpace,
            {"depth": 3, "width_0": 4, "width_1": 6, "width_2": 8},
            {"depth": 5, "convs": 2, **{f"width_{i}": 128 for i in range(5)}},
        ),
        (
            ResidualSpace,
            {"stem_width": 4, **{f"width_{i}": 4 for i in range(3)}},
            {"block": "plain", "stages": 4, **{f"width_{i}": 128 for i in range(4)}},
        ),
    ],
)
def test_range_reaches_below_the_useful_and_above_the_lab(
    space: Any, small: dict[str, Any], large: dict[str, Any]
) -> None:
    family = space((32, 32, 3), 10, 45_000, 25)
    assert family.measure(small).size < (7_000 if space is DenseSpace else 1_000)
    assert family.measure(large).size > (1_000_000 if space is not ConvSpace else 500_000)


@pytest.mark.parametrize(
    ("space", "values", "size"),
    [
        (DenseSpace, {"depth": 1, "units_0": 12}, 37_006),
        (ConvSpace, {"depth": 2, "width_0": 8, "width_1": 16}, 1_586),
        (ConvSpace, {"depth": 2, "width_0": 16, "width_1": 24}, 4_218),
        (ConvSpace, {"depth": 3, "width_0": 8, "width_1": 12, "width_2": 16}, 3_050),
        (
            ResidualSpace,
            {"stem_width": 8, "width_0": 8, "width_1": 16, "width_2": 32, "shortcut": "projection"},
            4_266,
        ),
    ],
)
def test_sizes_of_models_that_others_measured(
    space: Any, values: dict[str, Any], size: int
) -> None:
    assert space((32, 32, 3), 10, 45_000, 25).measure(values).size == size


def test_pooled_shortcut_costs_nothing() -> None:
    space = ResidualSpace((32, 32, 3), 10, 1000, 5)
    # 12 channels to 12, 20 and 36: two shapes change, by 1x1 convolutions without bias.
    widths = {"stem_width": 12, "width_0": 12, "width_1": 20, "width_2": 36}
    pooled, projected = (
        space.measure({**widths, "shortcut": s}).size for s in ("pooled", "projection")
    )
    assert projected - pooled == 12 * 20 + 20 * 36


def test_residual_block_adds_its_input_before_the_last_activation() -> None:
    _, network = ResidualSpace((32, 32, 3), 10, 1000, 5).describe(keras_tuner.HyperParameters())
    kinds = [op[0] for op in network.ops]
    adds = [i for i, kind in enumerate(kinds) if kind == "add"]
    assert len(adds) == 3
    assert all(kinds[i + 1] == "activation" for i in adds)
    assert all(kinds[network.ops[i][1][0]] == "norm" for i in adds)


@pytest.mark.parametrize("use", ["never", "search", "always"])
def test_options_of_the_convolutional_family(use: Any) -> None:
    hp = keras_tuner.HyperParameters()
    space = ConvSpace((32, 32, 3), 10, 1000, 5, dropout=use, batch_norm=use)
    _, network = space.describe(hp)
    kinds = [op[0] for op in network.ops]
    assert ("norm" in kinds) == (use != "never")
    assert ("dropout" in kinds) == (use == "always")
    assert ("dropout" in hp.values) == (use != "never")
    assert ("batch_norm" in hp.values) == (use == "search")


def test_dropout_of_the_convolutional_family_may_be_fixed() -> None:
    hp = keras_tuner.HyperParameters()
    _, network = ConvSpace((32, 32, 3), 10, 1000, 5, dropout=0.2).describe(hp)
    assert "dropout" in [op[0] for op in network.ops]
    assert "dropout" not in hp.values
    _, without = ConvSpace((32, 32, 3), 10, 1000, 5, dropout=0.0).describe(hp)
    assert "dropout" not in [op[0] for op in without.ops]
    for wrong in (1.0, -0.1, True):
        with pytest.raises(ValueError, match="dropout must be"):
            ConvSpace((32, 32, 3), 10, 1000, 5, dropout=wrong)


def test_dense_family_sees_every_pixel_unless_told_otherwise() -> None:
    hp = keras_tuner.HyperParameters()
    DenseSpace((32, 32, 3), 10, 1000, 5).describe(hp)
    assert "downsample" not in hp.values
    coarse = DenseSpace((32, 32, 3), 10, 1000, 5, downsample=True)
    assert coarse.measure({"downsample": 4}).size == 8 * 8 * 3 * 16 + 16 + 170
    with pytest.raises(ValueError, match="leaves no pixel"):
        DenseSpace((3, 3, 1), 10, 1000, 5, downsample=True).measure({"downsample": 4})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"input_shape": (32, 32)}, "input_shape must be"),
        ({"input_shape": (32, 0, 3)}, "input_shape must be"),
        ({"num_classes": 1}, "num_classes must be at least 2"),
        ({"horizon": 0}, "horizon at least 1"),
        ({"batch_range": [0, 5]}, "batch_range must be"),
    ],
)
def test_wrong_arguments_are_refused(changed: dict[str, Any], message: str) -> None:
    good = {"input_shape": (32, 32, 3), "num_classes": 10, "train_size": 100, "horizon": 5}
    with pytest.raises(ValueError, match=message):
        DenseSpace(**{**good, **changed})
