"""Models that cannot be kept are refused before they are trained."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import pytest

from tests.helpers.spaces import MAKE
from tuner.errors import SpaceError
from tuner.spaces.custom_objects import custom_objects
from tuner.spaces.loading import load_space
from tuner.trials import files

L = keras.layers
SPEC = f"{__name__}:build"


class Forgetful(keras.layers.Layer):
    """Its config does not hold its argument."""

    def __init__(self, inner: Any, **more: Any) -> None:
        super().__init__(**more)
        self.inner = inner

    def call(self, x: Any) -> Any:
        return self.inner(x)


class Scaled(keras.layers.Layer):
    """One of a user's own, not registered anywhere."""

    def __init__(self, by: float = 2.0, **more: Any) -> None:
        super().__init__(**more)
        self.by = by

    def call(self, x: Any) -> Any:
        return x * self.by

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "by": self.by}


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_tried", set())


def test_a_layer_of_the_users_own_is_handed_over() -> None:
    assert __name__ in sys.modules
    files.check_saving(keras.Sequential([L.Input((4,)), Scaled(), L.Dense(2)]), SPEC)


def test_a_layer_that_forgets_its_arguments_is_refused() -> None:
    with pytest.raises(SpaceError, match=r"cannot be (saved|read back).*get_config"):
        files.check_saving(keras.Sequential([L.Input((4,)), Forgetful(L.Dense(3))]), SPEC)


def test_a_lambda_is_read_back() -> None:
    files.check_saving(
        keras.Sequential([L.Input((4,)), L.Lambda(lambda x: x / 255), L.Dense(2)]), SPEC
    )


def test_a_class_that_nobody_can_find_is_told_where_to_go() -> None:
    class Hidden(Scaled):
        pass

    with pytest.raises(
        SpaceError, match=r"'Hidden'.*\. Define it at the top of a module"
    ) as caught:
        files.check_saving(keras.Sequential([L.Input((4,)), Hidden(), L.Dense(2)]), SPEC)
    assert "object config" not in str(caught.value) and "\n" not in str(caught.value)


LAYERS = """
import keras


class Halved(keras.layers.Layer):
    def call(self, x):
        return x / 2


def squared(x):
    return x * x
"""


@pytest.mark.parametrize(
    ("importing", "prefix"),
    [("from layers_beside import Halved, squared", ""), ("import layers_beside", "layers_beside.")],
    ids=["names", "module"],
)
def test_what_a_module_beside_the_space_defines_is_handed_over(
    importing: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layers_beside.py").write_text(LAYERS)
    (tmp_path / "space.py").write_text(
        f"import keras\n{importing}\nL = keras.layers\n"
        "def build(hp):\n"
        f"    parts = [L.Input((4,)), {prefix}Halved(), L.Dense(2, activation={prefix}squared)]\n"
        "    return keras.Sequential(parts)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = f"{tmp_path}/space.py:build"
    made = load_space(spec, **MAKE, options={}).build(keras_tuner.HyperParameters())
    try:
        assert {"Halved", "squared", "build"} <= set(custom_objects(spec))
        files.check_saving(made, spec)
    finally:
        del sys.modules["layers_beside"]
