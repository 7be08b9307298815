"""Configurations as people write them, and as trials store them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest

from search_spaces.cnn import ConvSpace
from search_spaces.resnet import ResidualSpace
from tests.helpers.spaces import MAKE
from tuner.errors import SpaceError
from tuner.spaces.configurations import encode
from tuner.spaces.hyperparameters import TrialHyperParameters
from tuner.spaces.sizes import size_of


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kernel": 9}, r"'kernel' must be an integer in \[2, 5\] but got 9\.$"),
        ({"kernel": 2.5}, r"'kernel' must be an integer in \[2, 5\] but got 2\.5\.$"),
        ({"kernel": True}, r"'kernel' must be an integer in \[2, 5\] but got True\.$"),
        ({"kernel": "3"}, r"'kernel' must be an integer .* but got '3'\.$"),
        ({"dropout": math.nan}, r"'dropout' must be a number in \[0, 0\.5\] but got nan\.$"),
        ({"batch_norm": 1}, r"'batch_norm' must be one of False, True but got 1\.$"),
        ({"pooling": "mean"}, r"'pooling' must be one of max, average, stride but got 'mean'\.$"),
        ({"kernal": 3}, r"ConvSpace has no hyperparameter 'kernal'; did you mean 'kernel'\?$"),
    ],
)
def test_encode_names_the_value_and_the_rule(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        encode(ConvSpace(**MAKE), values)


def test_encode_names_the_allowed_steps() -> None:
    class Stepped(keras_tuner.HyperModel):  # type: ignore[misc]
        def describe(self, hp: Any) -> None:
            hp.Int("a", 6, 13, step=3)
            hp.Int("b", 2, 8, step=2, sampling="log")
            hp.Float("c", 0, 1, step=0.25)
            hp.Fixed("d", 5)

    space = Stepped()
    assert encode(space, {"a": 9, "b": 8, "c": 0.5, "d": 5}) == {"a": 9, "b": 2, "c": 0.5}
    with pytest.raises(SpaceError, match=r"integer in \[6, 12\] in steps of 3 but got 10"):
        encode(space, {"a": 10})
    with pytest.raises(SpaceError, match="one of 2, 4, 8 but got 6"):
        encode(space, {"b": 6})
    with pytest.raises(SpaceError, match=r"number in \[0, 1\] in steps of 0\.25 but got 0\.3"):
        encode(space, {"c": 0.3})
    with pytest.raises(SpaceError, match="'d' must be 5 but got 6"):
        encode(space, {"d": 6})


def test_encode_keeps_what_is_active_and_fills_in_defaults() -> None:
    params = encode(ConvSpace(**MAKE), {"depth": 1, "width_3": 20, "sgd_rate": 0.1})
    assert params["depth"] == 1
    assert params["width_0"] == 8
    assert not {"width_1", "width_3", "sgd_rate"} & set(params)


def test_encode_refuses_what_cannot_be_built() -> None:
    small = ConvSpace(**{**MAKE, "input_shape": (4, 4, 1)})
    with pytest.raises(SpaceError, match=r"ConvSpace cannot be built with these values: pooling"):
        encode(small, {"depth": 5})


def test_encoded_configuration_is_what_an_enqueued_trial_runs() -> None:
    space = ResidualSpace(**MAKE)
    values = {"block": "plain", "convs": 1, "width_0": 16, "adam_rate": 0.001, "optimizer": "adam"}
    study = optuna.create_study()
    study.enqueue_trial(encode(space, values))
    hp = TrialHyperParameters(study.ask())
    space.describe(hp)
    assert values.items() <= hp.values.items()


def test_trial_replays_the_same_model_after_a_storage_round_trip(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    space = ConvSpace(**MAKE)
    study = optuna.create_study(
        storage=storage, study_name="s", sampler=optuna.samplers.RandomSampler(seed=3)
    )
    before = {}
    for _ in range(10):
        trial = study.ask()
        hp = TrialHyperParameters(trial)
        space.describe(hp)
        before[trial.number] = dict(hp.values)
        study.tell(trial, space.measure(hp.values).size)
    size = size_of(space)
    assert size is not None
    for frozen in optuna.load_study(storage=storage, study_name="s").trials:
        hp = TrialHyperParameters(frozen)
        space.describe(hp)
        assert hp.values == before[frozen.number]
        assert size(frozen.params) == frozen.value
