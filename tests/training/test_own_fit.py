"""A hypermodel's own `fit` trains as it does under keras-tuner, and is watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tests.helpers import fitting
from tuner.objectives.metrics import metric_of
from tuner.records.epochs import Epoch
from tuner.training.examples import Examples
from tuner.training.own_fit import Fitting
from tuner.training.readings import reading_of

# Keras reads variables with a keyword that TensorFlow does not take yet, and warns of tf.data.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
]

DIGITS = fitting.digits()
SEED = 7
HORIZON = 5


def examples() -> Examples:
    parts = (DIGITS[f"{k}_{part}"] for part in ("train", "validation") for k in "xy")
    return Examples(*parts, num_classes=10)


def trained(
    space: Any, values: dict[str, Any], ends: Any = lambda epoch: False, most: int = HORIZON
) -> tuple[Any, list[Epoch]]:
    """The model that a space's `fit` trains here, and what its epochs gave."""
    seen: list[Epoch] = []

    def each(epoch: Epoch) -> bool:
        if seen and seen[-1].epoch == epoch.epoch:
            seen.pop()
        seen.append(epoch)
        return bool(ends(epoch))

    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    keras.utils.set_random_seed(SEED)
    model = space.build(hp)
    Fitting(
        space=space,
        hp=hp,
        examples=examples(),
        reading=reading_of(model, examples()),
        metric=metric_of("accuracy"),
        planned=HORIZON,
        most=most,
        seed=SEED,
        pause=lambda: None,
    ).run(model, each)
    return model, seen


def by_keras_tuner(space: Any, values: dict[str, Any], folder: Path, **more: Any) -> Any:
    """The model that keras-tuner's random search trains with these values."""
    kept: list[Any] = []

    class Kept(type(space)):  # type: ignore[misc]
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            kept.append(model)
            return super().fit(hp, model, *args, **kwargs)

    hp = keras_tuner.HyperParameters()
    for name, value in values.items():
        hp.Fixed(name, value)
    tuner = keras_tuner.RandomSearch(
        Kept(), "val_accuracy", max_trials=1, hyperparameters=hp, directory=folder, seed=SEED
    )
    # It would import TensorBoard, to look for callbacks of it, of which there are none.
    tuner._configure_tensorboard_dir = lambda *_: None
    keras.utils.set_random_seed(SEED)
    tuner.search(
        DIGITS["x_train"],
        DIGITS["y_train"],
        validation_data=(DIGITS["x_validation"], DIGITS["y_validation"]),
        verbose=0,
        **more,
    )
    return kept[0]


CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "batch size and epochs": (
        fitting.Batches, {"width": 16, "batch_size": 16, "epochs": 3}, {},
    ),
    "class weights and callbacks": (
        fitting.Weighing, {"width": 16, "weight_of_8": 3.0}, {"epochs": HORIZON},
    ),
    "augmentation by tf.data": (
        fitting.Augmenting, {"width": 16, "most": 1}, {"epochs": HORIZON},
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_the_weights_are_those_of_keras_tuner(name: str, tmp_path: Path) -> None:
    kind, values, more = CASES[name]
    ours, seen = trained(kind(), values)
    theirs = by_keras_tuner(kind(), values, tmp_path, **more)
    assert len(seen) == values.get("epochs", HORIZON)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    begun = kind().build(keras_tuner.HyperParameters()).get_weights()
    assert not np.allclose(begun[0][:, :4], ours.get_weights()[0][:, :4])
