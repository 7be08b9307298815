"""What is looked at of a space with its study and data, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import keras
import keras_tuner

from tuner.basics.causes import sentence_of
from tuner.data import DataSet
from tuner.data.kinds import bytes_of
from tuner.errors import SpaceError
from tuner.spaces.exploration import Exploration
from tuner.spaces.fits import FitWalk, has_own_fit
from tuner.spaces.hyperparameters import WALK_FIT
from tuner.specs.spec import Study
from tuner.training.arrays import count_of, some
from tuner.training.examples import Examples
from tuner.training.piped import first_batch
from tuner.training.readings import reading_of
from tuner.training.settings import read_settings
from tuner.training.weights import class_weights
from tuner.trials.checks import check_built, counted
from tuner.trials.learning import measured_output

DRAWS = 4
"""Values within the range of each hyperparameter that are looked at, besides its ends."""
FEW = 512
FEW_BYTES = 2**26
"""Examples with which a `fit` of the user's own is called once to see what it asks for, at most."""

CHANGES = ("flip", "shift", "cutout")
Few = Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]


def prepare_fit(space: Any, spec: Study, data: DataSet) -> None:
    """Has a space ask for what its own `fit` asks for as well, where it has one."""
    if has_own_fit(space):
        setattr(space, WALK_FIT, FitWalk(space, _few(spec, data)))


def _few(spec: Study, data: DataSet) -> Few:
    def given(model: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        examples = few_of(spec, data)
        encode = reading_of(model, examples).encode
        weights = data.weights("train")
        named: dict[str, Any] = {
            "validation_data": (examples.x_validation, encode(examples.y_validation)),
            "epochs": spec.horizon,
            "verbose": 0,
        }
        if weights is not None:
            named["sample_weight"] = weights[: len(examples.validated)]
        elif spec.class_weight is not None:
            named["class_weight"] = dict.fromkeys(range(data.num_outputs), 1.0)
        if data.pipeline:
            streams = data.streams()
            named["validation_data"] = streams.validation
            train = streams.train
            return (train.take(2) if hasattr(train, "take") else train,), named
        return (examples.x_train, encode(examples.y_train)), named

    return given


def few_of(spec: Study, data: DataSet) -> Examples:
    """Some examples of a data set, to look at what becomes of them."""
    count = max(2, min(FEW, FEW_BYTES // max(1, bytes_of(data.kind))))
    if data.pipeline:
        x, _ = first_batch(data.streams().train)
        y = data.answers("train")[: count_of(x)]
    else:
        x, y = data.train()
    x, y = some(x, slice(0, count)), some(y, slice(0, count))
    return Examples(
        x, y, x, y, num_classes=data.num_outputs, task=data.task, output=measured_output(spec, data)
    )


def check_settings(found: Exploration, data: Iterable[DataSet] = ()) -> None:
    """Reads the training's own hyperparameters at some places of their ranges.

    Args:
        found: What the space holds.
        data: What it is trained on.

    Raises:
        SpaceError: The space means something else by one of them, or it cannot be done to the data.
    """
    random = Random(0)
    for name, code in found.codes.items():
        stored = [*code.corners, *(code.draw(random) for _ in range(DRAWS))]
        for value in stored:
            _check_setting(name.split("[")[0], code.decode(value), data)
    for name, value in found.fixed.items():
        _check_setting(name.split("[")[0], value, data)


def _check_setting(name: str, value: Any, data: Iterable[DataSet]) -> None:
    read_settings({name: value})
    for each in data:
        if name in CHANGES and value and name not in each.kind.augmentations:
            raise SpaceError(
                f"hyperparameter {name!r} changes images, and cannot change {each.kind.plural} of "
                f"{each.kind.described()}: leave it out of the search space, or give yours another "
                "name."
            )
        if name == "batch_size" and each.pipeline:
            raise SpaceError(
                f"hyperparameter 'batch_size' has no effect on {each.name}, whose iterators make "
                "their own batches: leave it out of the search space."
            )


def check_training(spec: Study, space: Any, data: DataSet) -> None:
    """Looks at the model of the space's defaults as a trial would before it trains it.

    Args:
        spec: The study.
        space: Its hypermodel for the data.
        data: A data set of the study.

    Raises:
        StudyError: The classes that the study weighs are not those of the data.
        SpaceError: The model cannot learn this data.
    """
    class_weights(spec.class_weight, data.classes)
    try:
        model = space.build(keras_tuner.HyperParameters())
    except Exception:  # of which the search tells
        return
    check_built(space, model, compiled=not has_own_fit(space))
    examples = few_of(spec, data)
    try:
        counted(model, examples.first())
        model(examples.first())
    except SpaceError:
        raise
    except Exception as error:
        raise SpaceError(
            f"the model cannot take an example of {data.name}, {data.kind.described()}: "
            f"{sentence_of(error).rstrip('.')}; give its Input the shape input_shape."
        ) from error
    reading_of(model, examples)
    keras.utils.clear_session(free_memory=False)
