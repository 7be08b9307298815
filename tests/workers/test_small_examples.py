"""Where a space cannot be built, the error names the examples that it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from search_spaces.cnn import ConvSpace
from tuner.data import DataSet
from tuner.errors import SpaceError
from tuner.workers.prepare import explored


def data(side: int) -> DataSet:
    return DataSet("toys", "toys.npz", "0", ("a", "b"), (side, side, 3), 90, 10, 10, Path())


class Valid(keras_tuner.HyperModel):  # type: ignore[misc]
    """Without ``describe``: refuses what Keras refuses."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def build(self, hp: Any) -> Any:
        import keras

        inputs = keras.layers.Input((self.side, self.side, 3))
        x = keras.layers.Conv2D(hp.Int("width", 1, 8), 5)(inputs)
        return keras.Model(inputs, keras.layers.MaxPooling2D(4)(x))


@pytest.mark.parametrize("space", [Valid(6), ConvSpace((3, 3, 3), 2, 90, 5)])
def test_the_error_names_the_examples(space: Any) -> None:
    side = getattr(space, "side", 3)
    with pytest.raises(SpaceError, match=rf"images of {side}x{side} with 3 channels"):
        explored({"toys": space}, {"toys": data(side)})


def test_of_several_data_sets_each_is_looked_at() -> None:
    spaces = {str(side): ConvSpace((side, side, 3), 2, 90, 5) for side in (32, 4)}
    found, lines = explored(spaces, {key: data(int(key)) for key in spaces})
    assert not found.refusals
    assert len(lines) == 1 and "from images of 4x4 with 3 channels: pooling" in lines[0]


def test_other_errors_of_a_space_say_nothing_of_images() -> None:
    class Broken(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            raise RuntimeError("no such layer")

    with pytest.raises(SpaceError) as caught:
        explored({"toys": Broken()}, {"toys": data(8)})
    assert "images of" not in str(caught.value)
