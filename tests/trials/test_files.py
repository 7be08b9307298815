"""Models that cannot be kept are refused before they are trained."""

from __future__ import annotations

import sys
from typing import Any

import keras
import pytest

from tuner.errors import SpaceError
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
