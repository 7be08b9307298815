from __future__ import annotations

import math

import keras
import pytest

from tests.helpers import tiny
from tuner.records.epochs import Epoch
from tuner.training.augmentation import Augmentation
from tuner.training.failures import diverged, out_of_memory
from tuner.training.loop import Examples, epochs


def images() -> Examples:
    a = tiny.images()
    return Examples(
        a["x_train"][:240], a["y_train"][:240], a["x_train"][240:], a["y_train"][240:], 3
    )


def model(loss: str = "categorical_crossentropy", metrics: list[str] | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = layers.Input((8, 8, 1))
    x = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    outputs = layers.Dense(3, activation="softmax")(layers.Dense(16, activation="relu")(x))
    built = keras.Model(inputs, outputs)
    metrics = ["accuracy"] if metrics is None else metrics
    built.compile(keras.optimizers.Adam(0.01), loss, metrics=metrics)
    return built


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_a_model_learns_whichever_labels_its_loss_takes(loss: str) -> None:
    seen = list(
        epochs(
            model(loss),
            images(),
            horizon=6,
            batch_size=32,
            augmentation=Augmentation(shift=1),
            seed=0,
        )
    )
    assert [e.epoch for e in seen] == [1, 2, 3, 4, 5, 6]
    assert seen[-1].val_measured > 0.9
    assert seen[-1].loss < seen[0].loss


def test_the_same_seed_gives_the_same_curve() -> None:
    def curve() -> list[float]:
        run = epochs(
            model(),
            images(),
            horizon=2,
            batch_size=32,
            augmentation=Augmentation(flip=True, shift=1),
            seed=5,
        )
        return [e.val_loss for e in run]

    assert curve() == curve()


def test_the_caller_stops_by_asking_for_no_more() -> None:
    built = model()
    run = epochs(built, images(), horizon=100, batch_size=32, augmentation=Augmentation(), seed=0)
    next(run)
    run.close()
    assert int(built.optimizer.iterations) == 8


def test_a_learning_rate_beyond_all_measure_is_seen_as_divergence() -> None:
    built = model()
    built.optimizer.learning_rate = 1e30
    (epoch,) = epochs(
        built, images(), horizon=1, batch_size=32, augmentation=Augmentation(), seed=0
    )
    assert diverged(epoch)


@pytest.mark.parametrize("metrics", [["mse"], []], ids=["another metric", "none"])
def test_the_accuracy_of_a_model_that_reports_none_is_that_of_its_predictions(metrics) -> None:
    def curve(metrics: list[str]) -> list[Epoch]:
        made = model(metrics=metrics)
        return list(
            epochs(made, images(), horizon=2, batch_size=32, augmentation=Augmentation(), seed=0)
        )

    found, reported = curve(metrics), curve(["accuracy"])
    assert [e.val_measured for e in found] == pytest.approx([e.val_measured for e in reported])
    assert [e.val_loss for e in found] == pytest.approx([e.val_loss for e in reported])
    assert all(math.isnan(e.measured) for e in found)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating"), True),
        (ValueError("bad shape"), False),
    ],
)
def test_running_out_of_memory_is_recognised(error: Exception, expected: bool) -> None:
    assert out_of_memory(error) is expected
