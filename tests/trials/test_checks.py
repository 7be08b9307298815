"""What a search space must build, and what is said of what it builds instead."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tuner.errors import SpaceError
from tuner.trials.checks import check_built

FORGOTTEN = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


class Space:
    """As a function `small` is held."""

    shown_as = "small"


@pytest.mark.parametrize(
    ("built", "said"),
    [
        (None, "returns nothing: end it with 'return model'."),
        (FORGOTTEN, "returns one that is not compiled: call model.compile() before it is ret"),
        ((FORGOTTEN, 3), "returns a tuple: return the model itself."),
        ((layer for layer in FORGOTTEN.layers), "returns a generator: return the model itself."),
        (FORGOTTEN.layers[0], "returns a Dense: return the model itself."),
    ],
)
def test_what_is_no_compiled_model_is_named(built: Any, said: str) -> None:
    with pytest.raises(SpaceError) as caught:
        check_built(Space(), built)
    start = "build() must return a compiled Keras model, but that of small "
    assert str(caught.value).startswith(start + said)


def test_what_trains_itself_need_not_be_compiled() -> None:
    check_built(Space(), FORGOTTEN, compiled=False)
    with pytest.raises(SpaceError, match=r"must return a Keras model, but .* returns nothing"):
        check_built(Space(), None, compiled=False)
