"""keras-tuner spaces driven by Optuna trials.

The first part says again, for hyperparameters that a trial answers, what keras-tuner's own
hyperparameters_test.py (not installed with it) asks of the plain class.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FixedTrial, TrialState

from search_spaces.cnn import ConvSpace
from search_spaces.resnet import ResidualSpace
from tuner.errors import SpaceError
from tuner.spaces.configurations import decode, encode
from tuner.spaces.exploration import explore
from tuner.spaces.hyperparameters import TrialHyperParameters
from tuner.spaces.loading import load_space
from tuner.spaces.sizes import epoch_cost_of, size_of

MAKE: dict[str, Any] = {
    "input_shape": (32, 32, 3),
    "num_classes": 10,
    "train_size": 1000,
    "horizon": 5,
}


def answered(**params: Any) -> TrialHyperParameters:
    return TrialHyperParameters(FixedTrial(params))


def asked(hp: TrialHyperParameters) -> set[str]:
    """Names that the trial was asked for."""
    return set(hp.trial.params)


# --- keras-tuner's behaviours ---------------------------------------------------------------


def test_values_and_space_fill_as_hyperparameters_are_asked_for() -> None:
    hp = answered(choice=2)
    assert hp.values == {}
    assert hp.space == []
    assert hp.Choice("choice", [1, 2, 3], default=1) == 2
    assert hp.values == {"choice": 2}
    assert [p.name for p in hp.space] == ["choice"]


def test_a_changed_value_is_returned_and_copied() -> None:
    hp = answered(choice=2)
    hp.Choice("choice", [1, 2, 3])
    hp.values["choice"] = 3
    assert hp.get("choice") == 3
    copy = hp.copy()
    assert copy.values == {"choice": 3}
    assert [p.name for p in copy.space] == ["choice"]


def test_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="does not exist"):
        answered().get("wrong")


def test_repeated_call_returns_the_stored_value() -> None:
    hp = answered(a=4)
    assert hp.Int("a", 0, 9) == 4
    hp.values["a"] = 5
    assert hp.Int("a", 0, 9) == 5
    assert len(hp.space) == 1


def test_name_scopes_nest_into_the_name() -> None:
    hp = answered(**{"choice": 2, "scope1/choice": 5, "scope1/scope2/choice": 8, "scope1/range": 3})
    hp.Choice("choice", [1, 2, 3])
    with hp.name_scope("scope1"):
        hp.Choice("choice", [4, 5, 6])
        with hp.name_scope("scope2"):
            hp.Choice("choice", [7, 8, 9])
        hp.Int("range", min_value=0, max_value=10, step=1)
    assert hp.values == {
        "choice": 2,
        "scope1/choice": 5,
        "scope1/scope2/choice": 8,
        "scope1/range": 3,
    }


def test_parent_name_decides_what_is_active() -> None:
    hp = answered(**{"a": 2, "b[a=2]": 40})
    hp.Choice("a", [1, 2, 3])
    assert hp.Int("b", 0, 10, parent_name="a", parent_values=1) is None
    assert hp.Int("b", 0, 100, parent_name="a", parent_values=2) == 40
    assert hp.values == {"a": 2, "b": 40}
    assert asked(hp) == {"a", "b[a=2]"}


def test_conditional_scope_registers_the_inactive_without_asking() -> None:
    hp = answered(**{"choice": 2, "child[choice=2]": 8})
    hp.Choice("choice", [1, 2, 3])
    with hp.conditional_scope("choice", [1, 3]):
        inactive = hp.Choice("child", [4, 5, 6])
    with hp.conditional_scope("choice", 2):
        active = hp.Choice("child", [7, 8, 9])
    assert inactive is None
    assert active == 8
    assert hp.values == {"choice": 2, "child": 8}
    assert len(hp.space) == 3
    assert asked(hp) == {"choice", "child[choice=2]"}


def test_conditional_scope_of_an_unknown_parent_is_a_value_error() -> None:
    hp = answered()
    with pytest.raises(ValueError, match="not defined"), hp.conditional_scope("nobody", [1]):
        pass


def test_child_cannot_have_its_parents_name() -> None:
    hp = answered(a=1)
    hp.Choice("a", [1, 2])
    with (
        hp.conditional_scope("a", [1]),
        pytest.raises(ValueError, match="same name as its parent"),
    ):
        hp.Int("a", 0, 3)


def test_is_active_by_name_and_by_object() -> None:
    hp = answered(**{"choice": 3, "child[choice=1|3]": 4})
    hp.Choice("choice", [1, 2, 3])
    with hp.conditional_scope("choice", [1, 3]):
        hp.Choice("child", [4, 5, 6])
    with hp.conditional_scope("choice", 2):
        hp.Choice("child2", [7, 8, 9])
    hp.values["child2"] = 7
    _, child, child2 = hp.space
    assert hp.is_active("child")
    assert hp.is_active(child)
    assert not hp.is_active("child2")
    assert not hp.is_active(child2)


def test_same_names_in_the_branches_of_a_build() -> None:
    hp = answered(**{"model": "v2", "layers[model=v2]": 3, "units[model=v2]": 33})
    model = hp.Choice("model", ["v1", "v2"])
    with hp.conditional_scope("model", "v1"):
        v1 = (hp.Int("layers", 1, 3), hp.Int("units", 16, 32))
    with hp.conditional_scope("model", "v2"):
        v2 = (hp.Int("layers", 2, 4), hp.Int("units", 32, 64))
    assert (model, v1, v2) == ("v2", (None, None), (3, 33))
    assert hp.values == {"model": "v2", "layers": 3, "units": 33}


def test_nested_conditional_scopes_and_name_scopes() -> None:
    hp = answered(**{"a": 3, "b[a=1|3]": 6, "c[a=1|3,b=6]": 7, "d/e[a=1|3,b=6]": 12})
    hp.Choice("a", [1, 2, 3])
    with hp.conditional_scope("a", [1, 3]):
        hp.Choice("b", [4, 5, 6])
        with hp.conditional_scope("b", 6):
            hp.Choice("c", [7, 8, 9])
            with hp.name_scope("d"):
                hp.Choice("e", [10, 11, 12])
    with hp.conditional_scope("a", 2):
        f = hp.Choice("f", [13, 14, 15])
        with hp.name_scope("g"):
            h = hp.Int("h", 0, 10)
    assert hp.values == {"a": 3, "b": 6, "c": 7, "d/e": 12}
    assert (f, h) == (None, None)


def test_get_returns_the_value_of_the_active_condition() -> None:
    hp = answered(a=2)
    hp.Choice("a", [1, 2, 3])
    with hp.conditional_scope("a", 2):
        hp.Fixed("b", 4)
        assert hp.get("b") == 4
    with hp.conditional_scope("a", 3):
        hp.Fixed("b", 5)
    assert hp.get("b") == 4
    assert asked(hp) == {"a"}


def test_inactive_hyperparameters_are_merged_without_a_value() -> None:
    hp = answered(a=3)
    hp.Choice("a", [1, 2, 3])
    with hp.conditional_scope("a", 2):
        hp.Fixed("b", 4)
    other = answered(a=1)
    other.merge(hp)
    assert other.values == {"a": 1}
    assert len(other.space) == 2


def test_merge_overwrites_unless_told_not_to() -> None:
    hp = answered(a=50, c=30, d=1)
    hp.Int("a", 0, 100)
    hp.Fixed("b", 2)
    hp.Int("c", 10, 100)
    fixed = keras_tuner.HyperParameters()
    fixed.Fixed("a", 3)
    hp.merge(fixed)
    assert hp.values == {"a": 3, "b": 2, "c": 30}
    other = keras_tuner.HyperParameters()
    other.Fixed("a", 5)
    other.Choice("d", [1, 2, 3])
    hp.merge(other, overwrite=False)
    assert hp.values == {"a": 3, "b": 2, "c": 30, "d": 1}


def test_dict_methods() -> None:
    hp = answered(**{"a": 3, "b": 2, "c[b=2]": -25.0})
    hp.Int("a", 0, 10)
    hp.Choice("b", [1, 2])
    with hp.conditional_scope("b", 1):
        hp.Float("c", -10, 10)
        with pytest.raises(ValueError, match="is currently inactive"):
            hp["c"]
    with hp.conditional_scope("b", 2):
        hp.Float("c", -30, -20)
    assert (hp["a"], hp["b"], hp["c"]) == (3, 2, -25.0)
    assert "c" in hp
    assert "d" not in hp
    with pytest.raises(KeyError, match="does not exist"):
        hp["d"]


def test_value_given_beforehand_wins_and_is_not_asked_for() -> None:
    hp = answered()
    hp.values["name"] = "given"
    assert hp.Choice("name", ["given", "default"], default="default") == "given"
    assert asked(hp) == set()


def test_fixed_is_never_asked_for() -> None:
    hp = answered()
    assert [hp.Fixed("a", 4), hp.Fixed("b", "x"), hp.Fixed("c", True)] == [4, "x", True]
    assert asked(hp) == set()


def test_defaults_are_first_minimum_and_false() -> None:
    hypermodel = Everything(with_defaults=False)
    assert explore(hypermodel).defaults == {"c": 3, "i": 2, "f": 0.5, "b": False}


class Everything(keras_tuner.HyperModel):  # type: ignore[misc]
    def __init__(self, with_defaults: bool) -> None:
        super().__init__()
        self.with_defaults = with_defaults

    def describe(self, hp: Any) -> None:
        own = self.with_defaults
        hp.Choice("c", [3, 1, 2], default=2 if own else None)
        hp.Int("i", 2, 8, default=5 if own else None)
        hp.Float("f", 0.5, 1.5, default=1.0 if own else None)
        hp.Boolean("b", default=own)


def test_defaults_of_the_spaces_author() -> None:
    assert explore(Everything(True)).defaults == {"c": 2, "i": 5, "f": 1.0, "b": True}


def test_int_bounds_are_inclusive() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    seen = {TrialHyperParameters(study.ask()).Int("a", 2, 4) for _ in range(40)}
    assert seen == {2, 3, 4}


def test_protobuf_round_trip_keeps_space_and_values() -> None:
    hp = answered(**{"a": 8, "b": 4.0, "d/f": "1", "d/g[d/f=1]": -2})
    hp.Int("a", 1, 10, sampling="reverse_log")
    hp.Float("b", 2, 8)
    hp.Fixed("e", "3")
    with hp.name_scope("d"):
        hp.Choice("f", ["1", "2"])
    again = keras_tuner.HyperParameters.from_proto(hp.to_proto())
    assert again.values == hp.values
    assert {p.name for p in again.space} == {p.name for p in hp.space}


def test_copy_answers_additions_with_defaults() -> None:
    hp = answered(a=2)
    hp.Int("a", 1, 3)
    copy = hp.copy()
    assert copy.Int("b", 5, 9) == 5
    assert "b" not in hp
    assert asked(hp) == {"a"}


def test_untunable_hypermodel_adds_nothing() -> None:
    class Sub(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            return hp.Int("a", 1, 9, default=7)

    hp = answered()
    assert Sub(tunable=False).build(hp) == 7
    assert hp.values == {}


def test_ensure_active_values_asks_the_trial() -> None:
    hp = answered(**{"a": 1, "b[a=1]": 3, "c[a=2]": 6})
    hp.Choice("a", [1, 2])
    hp.Int("b", 1, 5, parent_name="a", parent_values=[1])
    hp.Int("c", 5, 9, parent_name="a", parent_values=[2])
    hp.values["a"] = 2
    hp.ensure_active_values()
    assert hp.values == {"a": 2, "c": 6}


# --- traps ------------------------------------------------------------------------------------


def everything_seen(ask: Any, trials: int = 300) -> list[Any]:
    """What a hyperparameter gives over many trials of one study, after a second look at each."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    seen = []
    for _ in range(trials):
        trial = study.ask()
        seen.append(ask(TrialHyperParameters(trial)))
        study.tell(trial, 0.0)
        assert ask(TrialHyperParameters(study.trials[-1])) == seen[-1]
    return seen


@pytest.mark.parametrize(
    ("ask", "values"),
    [
        (lambda hp: hp.Int("a", 6, 13, step=3), {6, 9, 12}),
        (lambda hp: hp.Int("a", 6, 12), {6, 7, 8, 9, 10, 11, 12}),
        (lambda hp: hp.Int("a", 2, 32, step=2, sampling="log"), {2, 4, 8, 16, 32}),
        (lambda hp: hp.Int("a", 2, 40, step=2, sampling="log"), {2, 4, 8, 16, 32}),
        (lambda hp: hp.Int("a", 1, 8, step=2, sampling="reverse_log"), {8, 7, 5, 1}),
        (lambda hp: hp.Int("a", 1, 4, sampling="reverse_log"), {1, 2, 3, 4}),
        (lambda hp: hp.Int("a", 5, 5), {5}),
        (lambda hp: hp.Float("a", 0, 1, step=0.2), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}),
        (lambda hp: hp.Float("a", 0, 0.65, step=0.1), {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6}),
        (
            lambda hp: hp.Float("a", 0.001, 10, step=10, sampling="log"),
            {0.001, 0.01, 0.1, 1.0, 10.0},
        ),
        (lambda hp: hp.Choice("a", [0.5, 0.1]), {0.5, 0.1}),
        (lambda hp: hp.Choice("a", [3, 1, 2], ordered=False), {1, 2, 3}),
        (lambda hp: hp.Choice("a", ["only"]), {"only"}),
        (lambda hp: hp.Boolean("a"), {True, False}),
    ],
)
def test_values_of_a_hyperparameter(ask: Any, values: set[Any]) -> None:
    seen = everything_seen(ask)
    rounded = {round(v, 9) if isinstance(v, float) else v for v in seen}
    assert rounded == values
    assert {type(v) for v in seen} == {type(next(iter(values)))}


def test_choice_of_booleans_gives_the_integers_that_keras_tuner_gives() -> None:
    plain = keras_tuner.HyperParameters().Choice("a", [True, False])
    seen = everything_seen(lambda hp: hp.Choice("a", [True, False]), trials=30)
    assert {(type(v), v) for v in seen} == {(int, 0), (int, 1)}
    assert type(plain) is int


def test_reverse_log_is_dense_near_the_maximum() -> None:
    floats = everything_seen(lambda hp: hp.Float("a", 1, 1000, sampling="reverse_log"))
    assert all(1 <= v <= 1000 for v in floats)
    assert sorted(floats)[len(floats) // 2] > 900
    ints = everything_seen(lambda hp: hp.Int("a", 1, 1000, sampling="reverse_log"))
    assert sorted(ints)[len(ints) // 2] > 900


def test_log_is_dense_near_the_minimum() -> None:
    floats = everything_seen(lambda hp: hp.Float("a", 1, 1000, sampling="log"))
    assert 20 < sorted(floats)[len(floats) // 2] < 60


def test_values_record_what_the_model_saw_and_the_trial_the_index() -> None:
    hp = answered(a=3)
    assert hp.Int("a", 2, 32, step=2, sampling="log") == 16
    assert hp.values == {"a": 16}
    assert hp.trial.params == {"a": 3}
    assert hp.trial.distributions == {"a": IntDistribution(0, 4)}


class Branches(keras_tuner.HyperModel):  # type: ignore[misc]
    """The same names, meaning something else under each condition."""

    def describe(self, hp: Any) -> dict[str, Any]:
        kind = hp.Choice("kind", ["mlp", "cnn", "none"])
        with hp.conditional_scope("kind", ["mlp"]):
            units = hp.Choice("units", ["few", "many"])
            rate = hp.Float("rate", 0.0, 0.5)
        with hp.conditional_scope("kind", ["cnn"]):
            units = hp.Int("units", 4, 64, step=2, sampling="log") or units
            rate = hp.Int("rate", 1, 9, sampling="reverse_log") or rate
            deep = hp.Boolean("deep")
            with hp.conditional_scope("deep", [True]):
                hp.Int("layers", 2, 4)
        return {"kind": kind, "units": units, "rate": rate, "deep": deep}

    def measure(self, values: Any) -> Any:
        class Cost:
            size = values.get("units", 0) if values["kind"] == "cnn" else 1
            total = size + 1
            macs = 7

        return Cost


@pytest.mark.parametrize("sampler", [optuna.samplers.RandomSampler, optuna.samplers.TPESampler])
def test_same_name_under_other_conditions_over_one_study(sampler: Any, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    study = optuna.create_study(storage=storage, study_name="s", sampler=sampler(seed=0))
    space = Branches()
    seen: dict[int, dict[str, Any]] = {}
    for number in range(40):
        trial = study.ask()
        hp = TrialHyperParameters(trial)
        space.describe(hp)
        seen[number] = dict(hp.values)
        study.tell(trial, float(number % 7))
    assert {v["kind"] for v in seen.values()} == {"mlp", "cnn", "none"}
    again = optuna.load_study(storage=storage, study_name="s")
    for trial in again.get_trials(states=[TrialState.COMPLETE]):
        hp = TrialHyperParameters(trial)
        space.describe(hp)
        assert hp.values == seen[trial.number]
        assert decode(space, trial.params) == seen[trial.number]
        assert encode(space, seen[trial.number]) == trial.params


def test_choices_that_change_under_one_name_are_explained() -> None:
    study = optuna.create_study()
    TrialHyperParameters(study.ask()).Choice("a", ["x", "y"])
    trial = study.ask()
    with pytest.raises(SpaceError, match=r"'a'.*conditional_scope"):
        TrialHyperParameters(trial).Choice("a", ["x", "z"])


# --- keras-tuner's own hypermodels ------------------------------------------------------------


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


# --- explore, encode, decode, size_of ---------------------------------------------------------


def test_explore_finds_every_branch() -> None:
    found = explore(Branches(), draws=0)
    assert found.complete
    assert found.distributions == {
        "kind": CategoricalDistribution(["mlp", "cnn", "none"]),
        "units[kind=mlp]": CategoricalDistribution(["few", "many"]),
        "rate[kind=mlp]": FloatDistribution(0.0, 0.5),
        "units[kind=cnn]": IntDistribution(0, 4),
        "rate[kind=cnn]": IntDistribution(1, 9, log=True),
        "deep[kind=cnn]": CategoricalDistribution([False, True]),
        "layers[kind=cnn,deep=True]": IntDistribution(2, 4),
    }
    assert found.defaults["units[kind=cnn]"] == 0  # the index of 4
    assert found.defaults["rate[kind=cnn]"] == 9  # 1, mirrored


def test_explore_leaves_the_last_default_in_its_range() -> None:
    class OffGrid(keras_tuner.HyperModel):  # type: ignore[misc]
        def describe(self, hp: Any) -> None:
            hp.Int("a", 32, 512, step=32, default=100)
            hp.Int("b", 1, 5, default=9)

    found = explore(OffGrid())
    assert found.defaults == {"a": 96, "b": 5}
    assert encode(OffGrid(), {}) == found.defaults


def test_range_that_depends_on_another_is_widened() -> None:
    class Dependent(keras_tuner.HyperModel):  # type: ignore[misc]
        def describe(self, hp: Any) -> None:
            hp.Int("b", 1, 10 * hp.Int("a", 1, 3))

    assert explore(Dependent()).distributions["b"] == IntDistribution(1, 30)


def test_choices_that_depend_on_another_are_refused() -> None:
    class Dependent(keras_tuner.HyperModel):  # type: ignore[misc]
        def describe(self, hp: Any) -> None:
            hp.Choice("b", ["x", "y"] if hp.Boolean("a") else ["x", "z"])

    with pytest.raises(SpaceError, match=r"'b' must have the same choices everywhere"):
        explore(Dependent())


def test_hypermodel_without_description_is_built_once() -> None:
    class Plain(keras_tuner.HyperModel):  # type: ignore[misc]
        builds = 0

        def build(self, hp: Any) -> None:
            self.builds += 1
            if hp.Boolean("a"):
                hp.Int("hidden", 1, 2)
            hp.Fixed("fixed", 3)

    hypermodel = Plain()
    found = explore(hypermodel)
    assert not found.complete
    assert list(found.distributions) == ["a"]
    assert hypermodel.builds == 1
    assert encode(hypermodel, {"a": True, "hidden": 2}) == {"a": True, "hidden": 2}
    assert size_of(hypermodel) is None
    with pytest.raises(SpaceError, match=r"^Plain has no hyperparameter 'hiden'"):
        encode(hypermodel, {"hiden": 2})


def test_hypermodel_that_fails_is_named() -> None:
    class Broken(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> None:
            raise RuntimeError("no such\nlayer")

    with pytest.raises(SpaceError, match=r"^Broken cannot be used as a search space: no such lay"):
        explore(Broken())


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


def test_size_of_reads_coded_and_qualified_names() -> None:
    space = Branches()
    params = {"kind": "cnn", "units[kind=cnn]": 3, "units[kind=mlp]": "few"}
    for minimize, expected in (("size", 32), ("bytes", 4 * 33), ("macs", 7)):
        size = size_of(space, minimize)  # type: ignore[arg-type]
        assert size is not None
        assert size(params) == expected


def test_an_epoch_costs_what_is_computed_and_what_is_written() -> None:
    space = load_space("search_spaces.resnet:ResidualSpace", **MAKE, options={})
    cost, macs = epoch_cost_of(space), size_of(space, "macs")
    assert cost is not None and macs is not None
    # Fewer multiply-accumulates, but over four times the pixels.
    fine = encode(space, {"stem_stride": 1, "stem_width": 4, "width_0": 16})
    coarse = encode(space, {"stem_stride": 2, "stem_width": 16, "width_0": 44, "width_1": 48})
    assert macs(fine) < macs(coarse)
    assert cost(fine) > cost(coarse)


def test_an_epoch_of_a_space_that_tells_no_activations_costs_its_macs() -> None:
    cost = epoch_cost_of(Branches())
    assert cost is not None
    params = {"kind": "cnn", "units[kind=cnn]": 3, "units[kind=mlp]": "few"}
    assert cost(params) == cost({**params, "units[kind=cnn]": 4}) > 7
    assert epoch_cost_of(keras_tuner.HyperModel()) is None


def test_size_of_ignores_what_is_inactive_and_refuses_what_cannot_be_built() -> None:
    space = ConvSpace(**{**MAKE, "input_shape": (8, 8, 3)})
    size = size_of(space)
    assert size is not None
    assert size({"depth": 1, "width_0": 4, "width_4": 99}) == size({"depth": 1, "width_0": 4})
    with pytest.raises(ValueError, match="leaves no pixel"):
        size({"depth": 5})


def test_hash_tells_spaces_apart() -> None:
    hashes = [
        explore(ConvSpace(**MAKE)).hash,
        explore(ConvSpace(**MAKE, dropout="always")).hash,
        explore(ConvSpace(**MAKE, batch_range=(8, 2048))).hash,
        explore(ResidualSpace(**MAKE)).hash,
    ]
    assert len(set(hashes)) == len(hashes)
    assert explore(ConvSpace(**MAKE)).hash == hashes[0]


def test_hash_sees_fixed_values_and_codes() -> None:
    def space(step: int, fixed: int) -> Any:
        class Space(keras_tuner.HyperModel):  # type: ignore[misc]
            def describe(self, hp: Any) -> None:
                hp.Int("a", 1, 100, step=step, sampling="log")
                hp.Fixed("b", fixed)

        return explore(Space()).hash

    assert space(5, 1) != space(6, 1)  # both are three indices
    assert space(5, 1) != space(5, 2)
    assert space(5, 1) == space(5, 1)


def test_hash_is_the_same_in_another_process() -> None:
    code = (
        "from search_spaces.resnet import ResidualSpace\n"
        "from tuner.spaces.hyperparameters import explore\n"
        "print(explore(ResidualSpace((32, 32, 3), 10, 1000, 5)).hash)"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == explore(ResidualSpace(**MAKE)).hash


# --- load_space -------------------------------------------------------------------------------


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
