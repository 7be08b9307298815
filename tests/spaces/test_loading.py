"""Spaces found by what a study calls them, also keras-tuner's own hypermodels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from tests.helpers.spaces import MAKE, answered, asked
from tuner.errors import SpaceError
from tuner.spaces.configurations import encode
from tuner.spaces.exploration import explore
from tuner.spaces.hyperparameters import TrialHyperParameters, name_of
from tuner.spaces.loading import load_space


def test_load_space_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import keras_tuner\n"
        "class Mine(keras_tuner.HyperModel):\n"
        "    def __init__(self, input_shape, units=3):\n"
        "        super().__init__()\n"
        "        self.seen = (input_shape, units)\n"
        "def make(num_classes):\n"
        "    return Mine(num_classes)\n"
        "def build(hp):\n"
        "    return hp.Int('a', 1, 3)\n"
        "def wrong():\n"
        "    return 5\n"
        "NOT = 'a space'\n"
    )
    assert load_space(f"{file}:Mine", **MAKE, options={"units": 4}).seen == ((32, 32, 3), 4)
    assert load_space(f"{file}:make", **MAKE, options={}).seen == (10, 3)
    assert load_space(f"{file}:build", **MAKE, options={}).build(answered(a=2)) == 2
    with pytest.raises(SpaceError, match=r"must make a keras_tuner\.HyperModel but made a int"):
        load_space(f"{file}:wrong", **MAKE, options={})
    with pytest.raises(SpaceError, match=r"must be a keras_tuner\.HyperModel but is a str"):
        load_space(f"{file}:NOT", **MAKE, options={})
    with pytest.raises(SpaceError, match=r"has no option 'unit'; did you mean 'units'\?"):
        load_space(f"{file}:Mine", **MAKE, options={"unit": 4})


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("search_spaces.cn:ConvSpace", {}, r"there is no module 'search_spaces\.cn'\.$"),
        ("search_spaces.cnn:ConvSpaces", {}, r"has no 'ConvSpaces'; did you mean 'ConvSpace'\?$"),
        ("nowhere/mine.py:Mine", {}, r"nowhere/mine\.py: there is no such file\.$"),
        ("search_spaces.cnn:ConvSpace", {"dropuot": 1}, r"'dropuot'; did you mean 'dropout'\?$"),
        ("search_spaces.cnn:ConvSpace", {"batch_rang": 1}, r"did you mean 'batch_range'\?$"),
        ("search_spaces.cnn:ConvSpace", {"dropout": "no"}, "dropout must be never, search or alw"),
        ("search_spaces.cnn:ConvSpace", {"horizon": 3}, r"cannot set 'horizon'"),
        ("search_spaces.dense:DenseSpace", {"batch_range": [9, 3]}, "batch_range must be"),
    ],
)
def test_load_space_says_what_is_wrong(spec: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        load_space(spec, **MAKE, options=options)
    assert "\n" not in str(caught.value)


def test_load_space_names_the_error_of_a_module(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import nothing_of_that_name\n")
    with pytest.raises(SpaceError, match="ModuleNotFoundError: No module named 'nothing_of"):
        load_space(f"{file}:Mine", **MAKE, options={})
    file.write_text("class Mine(:\n")
    with pytest.raises(SpaceError, match="SyntaxError"):
        load_space(f"{file}:Mine", **MAKE, options={})


FUNCTIONS = """
import functools
def plain(hp): return ("plain", hp.Int("a", 1, 3))
def more(hp, num_classes=4, units=8): return (num_classes, units)
def given(hp, input_shape, *, classes, dropout): return (input_shape, classes, dropout)
def open_ended(hp, **options): return sorted(options)
def of_another_name(hyperparameters, num_classes): return (hyperparameters.Int("a", 1, 3), 10)
def with_a_default(hp=None, num_classes=2): return num_classes
def unknown(hp, secret): return secret
def bare(): return None
def without_hp():
    import keras
    return keras.Sequential()
small = functools.partial(more, units=2)
class Builder:
    def __call__(self, hp, num_classes): return ("called", num_classes)
builder = Builder()
"""


@pytest.mark.parametrize(
    ("name", "options", "built"),
    [
        ("plain", {}, ("plain", 2)),
        ("more", {}, (10, 8)),
        ("more", {"units": 5}, (10, 5)),
        ("given", {"dropout": 0.3}, ((32, 32, 3), 10, 0.3)),
        ("open_ended", {"depth": 2}, ["depth"]),
        ("of_another_name", {}, (2, 10)),
        ("with_a_default", {}, 10),
        ("small", {}, (10, 2)),
        ("builder", {}, ("called", 10)),
    ],
)
def test_a_function_of_hyperparameters_may_take_more(
    tmp_path: Path, name: str, options: dict[str, Any], built: Any
) -> None:
    (file := tmp_path / "functions.py").write_text(FUNCTIONS)
    space = load_space(f"{file}:{name}", **MAKE, options=options)
    assert space.build(answered(a=2)) == built
    assert name_of(space) == name


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("more", {"unit": 5}, "has no option 'unit'; did you mean 'units'"),
        ("more", {"hp": 5}, "has no option 'hp'"),
        ("more", {"num_classes": 5}, "cannot set 'num_classes'"),
        ("unknown", {}, "must be given 'secret', which the study does not know; set it in space_o"),
        ("bare", {}, "must make a keras_tuner.HyperModel but made a NoneType"),
        ("without_hp", {}, r"made a Sequential; a function that builds a model takes the hyperp"),
    ],
)
def test_a_function_that_cannot_be_called_is_refused_in_one_line(
    tmp_path: Path, name: str, options: dict[str, Any], message: str
) -> None:
    (file := tmp_path / "functions.py").write_text(FUNCTIONS)
    with pytest.raises(SpaceError, match=message) as caught:
        load_space(f"{file}:{name}", **MAKE, options=options)
    assert "\n" not in str(caught.value)


def test_errors_call_a_function_by_its_own_name(tmp_path: Path) -> None:
    (file := tmp_path / "functions.py").write_text(
        "def my_network(hp):\n"
        "    if hp.Int('depth', 1, 3):\n"
        "        raise ValueError('images are too small')\n"
    )
    space = load_space(f"{file}:my_network", **MAKE, options={})
    with pytest.raises(SpaceError, match=r"^my_network cannot be built .*: images are too small"):
        explore(space)
    with pytest.raises(SpaceError, match=r"^my_network cannot be built .*: images are too small"):
        encode(space, {"depth": 2})


@pytest.mark.parametrize("version", ["v1", "v2", "next"])
def test_hyper_resnet_builds(version: str) -> None:
    hypermodel = load_space("keras_tuner.applications:HyperResNet", **MAKE, options={})
    hp = answered(
        version=version,
        conv3_depth=4,
        conv4_depth=6,
        pooling="max",
        optimizer="sgd",
        learning_rate=0.1,
    )
    model = hypermodel.build(hp)
    assert model.output_shape == (None, 10)
    assert type(model.optimizer).__name__ == "SGD"
    assert asked(hp) == set(hp.values)


def test_hyper_xception_builds() -> None:
    hypermodel = load_space("keras_tuner.applications:HyperXception", **MAKE, options={})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial({"activation": "relu", "sep_num_filters": 128, "num_residual_blocks": 2})
    trial = study.ask()
    model = hypermodel.build(TrialHyperParameters(trial))
    assert model.output_shape == (None, 10)
    assert trial.distributions["sep_num_filters"] == IntDistribution(128, 768, step=128)
    assert trial.distributions["dropout_rate"] == FloatDistribution(0.0, 0.6, step=0.1)


@pytest.mark.parametrize("augment_layers", [0, 3])
def test_hyper_image_augment_builds(augment_layers: int) -> None:
    hypermodel = load_space(
        "keras_tuner.applications:HyperImageAugment",
        **MAKE,
        options={"augment_layers": augment_layers},
    )
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trial = study.ask()
    hp = TrialHyperParameters(trial)
    model = hypermodel.build(hp)
    assert model.output_shape == (None, 32, 32, 3)
    assert {n for n in trial.params if n.startswith("factor_")} <= set(hp.values)
