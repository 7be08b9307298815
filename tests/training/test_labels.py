"""Losses, outputs and metrics in the forms in which people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tuner.errors import SpaceError
from tuner.training.augmentation import Augmentation
from tuner.training.labels import coding_of, encode
from tuner.training.loop import Examples, epochs
from tuner.training.scores import predict

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (240, 4, 4, 1), dtype=np.uint8)
INDEX, ONE_HOT, BINARY = "index", "one_hot", "binary"


def compiled(loss: Any, units: int = 4, activation: str = "softmax", **more: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            L.Input((4, 4, 1)),
            L.Rescaling(1 / 255),
            L.Flatten(),
            L.Dense(units, activation=activation, name="out"),
        ]
    )
    made.compile("adam", loss, metrics=more.pop("metrics", ["accuracy"]), **more)
    return made


def own_sparse(y: Any, p: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(y, p)


def own_dense(y: Any, p: Any) -> Any:
    return keras.ops.sum(keras.ops.square(y - p), axis=-1)


class Picked(keras.losses.Loss):
    """Takes class indices, though its name does not say so."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        rows = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), 4)
        return -keras.ops.sum(rows * keras.ops.log(y_pred + 1e-7), axis=-1)


LOSSES: dict[str, tuple[Callable[[], Any], str]] = {
    "sparse by name": (lambda: "sparse_categorical_crossentropy", INDEX),
    "sparse function": (lambda: keras.losses.sparse_categorical_crossentropy, INDEX),
    "sparse object": (lambda: keras.losses.SparseCategoricalCrossentropy(), INDEX),
    "sparse in a list": (lambda: ["sparse_categorical_crossentropy"], INDEX),
    "sparse in a dict": (lambda: {"out": keras.losses.SparseCategoricalCrossentropy()}, INDEX),
    "sparse of logits": (
        lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        INDEX,
    ),
    "a function around it": (lambda: own_sparse, INDEX),
    "a class of one's own": (lambda: Picked(), INDEX),
    "categorical by name": (lambda: "categorical_crossentropy", ONE_HOT),
    "with smoothing": (lambda: keras.losses.CategoricalCrossentropy(label_smoothing=0.1), ONE_HOT),
    "mean squared error": (lambda: "mse", ONE_HOT),
    "hinge": (lambda: "categorical_hinge", ONE_HOT),
    "focal": (lambda: keras.losses.CategoricalFocalCrossentropy(), ONE_HOT),
    "many binary ones": (lambda: "binary_crossentropy", ONE_HOT),
    "divergence": (lambda: keras.losses.KLDivergence(), ONE_HOT),
    "a sum of squares": (lambda: own_dense, ONE_HOT),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_coding_is_what_the_loss_understands(name: str) -> None:
    loss, expected = LOSSES[name]
    assert coding_of(compiled(loss()), X[:1], 4) == expected


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mse", "hinge"])
def test_one_output_for_two_classes_is_binary(loss: str) -> None:
    assert coding_of(compiled(loss, units=1, activation="sigmoid"), X[:1], 2) == BINARY


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"], ids=str
)
def test_one_output_whose_loss_does_not_take_it_is_refused(loss: str) -> None:
    with pytest.raises(SpaceError, match=f"one number .* its loss '{loss}' does not take"):
        coding_of(compiled(loss, units=1, activation="sigmoid"), X[:1], 2)


def test_a_softmax_of_one_unit_is_refused() -> None:
    with pytest.raises(SpaceError, match="a softmax of one unit, which is 1 for every example"):
        coding_of(compiled("binary_crossentropy", units=1), X[:1], 2)


class Own(keras.Model):
    """Learns in a way of its own, from labels of one coding."""

    def __init__(self, coding: str) -> None:
        super().__init__()
        self.inner = L.Dense(4, activation="softmax")
        self.takes = own_sparse if coding == INDEX else keras.losses.categorical_crossentropy

    def call(self, x: Any) -> Any:
        return self.inner(keras.ops.reshape(x, (-1, 16)) / 255)


class OwnLoss(Own):
    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, **_: Any) -> Any:
        return keras.ops.mean(self.takes(y, y_pred))


class OwnStep(Own):
    def test_step(self, data: Any) -> Any:
        x, y = data
        return {"loss": keras.ops.mean(self.takes(y, self(x)))}


@pytest.mark.parametrize("coding", [INDEX, ONE_HOT])
@pytest.mark.parametrize("kind", [OwnLoss, OwnStep])
def test_a_model_with_a_way_of_its_own_is_asked(kind: Any, coding: str) -> None:
    made = kind(coding)
    made.compile("adam", metrics=["accuracy"])
    assert coding_of(made, X[:1], 4) == coding


def test_a_dict_of_outputs_is_refused() -> None:
    inputs = L.Input((4, 4, 1))
    made = keras.Model(inputs, {"out": L.Dense(4)(L.Flatten()(inputs))})
    made.compile("adam", "mse")
    with pytest.raises(SpaceError, match="output is a dict"):
        coding_of(made, X[:1], 4)


def test_codings() -> None:
    y = np.array([0, 2, 1])
    assert encode(y, 3, "index").tolist() == [0, 2, 1]
    assert encode(y, 3, "one_hot").tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert encode(np.array([0, 1]), 2, "binary").tolist() == [[0], [1]]


@pytest.mark.parametrize(("units", "classes"), [(6, 4), (3, 4), (1, 4), (3, 2)])
def test_another_number_of_outputs_is_refused(units: int, classes: int) -> None:
    made = compiled("sparse_categorical_crossentropy", units)
    with pytest.raises(SpaceError, match=f"gives {units} numbers .* there are {classes} classes"):
        coding_of(made, X[:1], classes)


def test_an_output_that_is_an_image_is_refused() -> None:
    made = keras.Sequential([L.Input((4, 4, 1)), L.Conv2D(4, 1)])
    made.compile("adam", "mse")
    with pytest.raises(SpaceError, match=r"shape \(4, 4, 4\)"):
        coding_of(made, X[:1], 4)


def test_two_outputs_are_refused() -> None:
    inputs = L.Input((4, 4, 1))
    flat = L.Flatten()(inputs)
    made = keras.Model(inputs, [L.Dense(4)(flat), L.Dense(4)(flat)])
    made.compile("adam", "mse")
    with pytest.raises(SpaceError, match="2 outputs"):
        coding_of(made, X[:1], 4)


def test_a_loss_that_takes_no_labels_is_named() -> None:
    def broken(y: Any, p: Any) -> Any:
        raise OSError("the weights of the classes are away")

    with pytest.raises(SpaceError, match=r"'broken' takes neither .*OSError: the weights of the"):
        coding_of(compiled(broken), X[:1], 4)


def trained(made: keras.Model, y: np.ndarray, classes: int) -> tuple[float, float]:
    """The validation accuracy that an epoch reports, and that of the model's own predictions."""
    images = Examples(X[:160], y[:160], X[160:], y[160:], classes)
    run = epochs(
        made,
        images,
        horizon=1,
        batch_size=32,
        augmentation=Augmentation(),
        seed=0,
        settled=False,
    )
    reported = next(run).val_measured
    run.close()
    right = predict(made, X[160:], classes).argmax(axis=1) == y[160:]
    return reported, float(right.mean())


METRICS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "the best two first": (
        "sparse_categorical_crossentropy",
        lambda: [keras.metrics.SparseTopKCategoricalAccuracy(2), "accuracy"],
    ),
    "entries first": (
        "categorical_crossentropy",
        lambda: ["binary_accuracy", "categorical_accuracy"],
    ),
    "a name of one's own": (
        "sparse_categorical_crossentropy",
        lambda: [keras.metrics.SparseCategoricalAccuracy(name="right")],
    ),
    "a function": (
        "sparse_categorical_crossentropy",
        lambda: [
            keras.metrics.sparse_top_k_categorical_accuracy,
            keras.metrics.sparse_categorical_accuracy,
        ],
    ),
    "short": ("categorical_crossentropy", lambda: ["acc"]),
}


@pytest.mark.parametrize("name", METRICS)
def test_the_accuracy_is_the_share_of_right_classes(name: str) -> None:
    loss, metrics = METRICS[name]
    reported, right = trained(compiled(loss, metrics=metrics()), np.arange(240) % 4, 4)
    assert reported == pytest.approx(right)


@pytest.mark.parametrize(
    "metrics",
    [
        lambda: [keras.metrics.SparseTopKCategoricalAccuracy(2)],
        lambda: [keras.metrics.SparseTopKCategoricalAccuracy(2, name="accuracy")],
        lambda: [],
    ],
    ids=["others only", "under its name", "none"],
)
def test_no_other_metric_is_taken_for_it(metrics: Callable[[], list[Any]]) -> None:
    made = compiled("sparse_categorical_crossentropy", metrics=metrics())
    measured, right = trained(made, np.arange(240) % 4, 4)
    assert measured == pytest.approx(right)


def test_one_sigmoid_unit_learns_two_classes() -> None:
    y = (X[:, 0, 0, 0] > 128).astype(np.int64)
    made = compiled("binary_crossentropy", units=1, activation="sigmoid")
    made.optimizer.learning_rate = 0.05
    reported, right = trained(made, y, 2)
    assert reported == pytest.approx(right)
    images = Examples(X, y, X, y, 2)
    run = epochs(made, images, horizon=20, batch_size=16, augmentation=Augmentation(), seed=0)
    assert max(e.val_measured for e in run) > 0.8
