"""Where a space cannot be built, the error names the examples that it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import optuna
import pytest

from search_spaces.cnn import ConvSpace
from tests.helpers import fakes
from tuner.data import DataSet
from tuner.data.kinds import ImageKind
from tuner.errors import SpaceError
from tuner.specs.spec import from_dict
from tuner.trials.work import Work
from tuner.workers import prepare
from tuner.workers.orders import WorkerOrders
from tuner.workers.prepare import explored


def data(side: int) -> DataSet:
    return DataSet(
        "toys", "toys.npz", "0", ("a", "b"), ImageKind((side, side, 3)), 90, 10, 10, Path()
    )


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


def filled(fields: dict[str, Any], side: int) -> optuna.Study:
    """A study that the first worker of a command has filled."""
    study = optuna.create_study()
    space = ConvSpace((side, side, 3), 2, 90, 5)
    work = Work(
        study, from_dict(fields), {"cifar10": space}, {"cifar10": data(side)}, Path(), 0, {}, bool
    )
    orders = WorkerOrders("q", "sqlite://", "", {}, 9, 0, 0, "smallest", "target", True)
    prepare._fill(work, orders)
    return study


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({**fakes.SPEC, "reference": {"depth": 5}}, r"study's \[reference\]: "),
        ({**fakes.SWEEP_SPEC, "grid": {"depth": [1, 5]}}, r"study's cell {'depth': 5}: "),
    ],
    ids=["reference", "cell"],
)
def test_a_configuration_of_the_study_that_is_too_deep_is_named(
    fields: dict[str, Any], called: str
) -> None:
    words = r"ConvSpace cannot be built .*pooling 2x2 .* \(given images of 4x4 with 3 channels\)\.$"
    with pytest.raises(SpaceError, match=called + words):
        filled(fields, 4)
    assert filled(fields, 64).trials


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("batch_size", r"no hyperparameter 'batch_size'; ask for it in build\(\), where the"),
        ("shift", r"no hyperparameter 'shift'; ask for it in build\(\), where the"),
        ("epochs", r"no hyperparameter 'epochs'; the study's key 'horizon'"),
        ("widht", r"no hyperparameter 'widht'; did you mean 'width'\?$"),
        ("nothing_like_it", r"no hyperparameter 'nothing_like_it'\.$"),
    ],
)
def test_what_a_reference_may_not_have_is_told_where_to_put(name: str, told: str) -> None:
    space = Valid(12)
    with pytest.raises(SpaceError, match=told):
        prepare.configurations.encode(space, {name: 1}, prepare.HINTS)


def test_of_keras_errors_only_the_sentence_is_told() -> None:
    with pytest.raises(SpaceError) as caught:
        explored({"toys": Valid(6)}, {"toys": data(6)})
    line = str(caught.value)
    assert line.startswith("Valid cannot be built with its defaults: Computed output size would be")
    assert "Exception encountered" not in line and "Arguments received" not in line
