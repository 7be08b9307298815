"""Every hyperparameter of a space, found without a trial; the space's hash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.cnn import ConvSpace
from search_spaces.resnet import ResidualSpace
from tests.helpers.spaces import MAKE, Branches
from tuner.errors import SpaceError
from tuner.spaces.configurations import encode
from tuner.spaces.exploration import explore
from tuner.spaces.sizes import size_of


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


def test_defaults_are_first_minimum_and_false() -> None:
    hypermodel = Everything(with_defaults=False)
    assert explore(hypermodel).defaults == {"c": 3, "i": 2, "f": 0.5, "b": False}


def test_defaults_of_the_spaces_author() -> None:
    assert explore(Everything(True)).defaults == {"c": 2, "i": 5, "f": 1.0, "b": True}


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


@pytest.mark.parametrize("code", [0, 1, "no such layer"])
def test_one_that_ends_the_program_is_named(code: int | str) -> None:
    class Ending(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> None:
            sys.exit(code)

    with pytest.raises(SpaceError, match=f"^Ending cannot be used .*: SystemExit: {code}"):
        explore(Ending())


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


@pytest.mark.slow
def test_hash_is_the_same_in_another_process() -> None:
    code = (
        "from search_spaces.resnet import ResidualSpace\n"
        "from tuner.spaces.exploration import explore\n"
        "print(explore(ResidualSpace((32, 32, 3), 10, 1000, 5)).hash)"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=150,
    )
    assert done.stdout.strip() == explore(ResidualSpace(**MAKE)).hash
