"""keras-tuner spaces driven by Optuna trials.

Says again, for hyperparameters that a trial answers, what keras-tuner's own
hyperparameters_test.py (not installed with it) asks of the plain class.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers.spaces import Branches, answered, asked
from tuner.errors import SpaceError
from tuner.spaces.configurations import decode, encode
from tuner.spaces.hyperparameters import TrialHyperParameters


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
