"""Answers as losses take them, and scores as metrics take them, for every kind of output."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tuner.errors import SpaceError
from tuner.objectives.metrics import metric_of
from tuner.training.augmentation import Augmentation
from tuner.training.examples import Examples
from tuner.training.loop import epochs
from tuner.training.readings import reading_of
from tuner.training.scores import predict

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 4)).astype(np.float32)
TWO = (X[:, 0] > 0.4).astype(np.int64)
THREE = (X[:, 0] > 0.4).astype(np.int64) + (X[:, 1] > 0)
AMOUNT = (4 * X[:, 0] + 20).astype(np.float32)


def made(units: int, loss: Any, activation: str | None = None, **more: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([L.Input((4,)), L.Dense(8, "relu"), L.Dense(units, activation)])
    model.compile(keras.optimizers.Adam(0.05), loss, **more)
    return model


def examples(y: Any, classes: int, **more: Any) -> Examples:
    return Examples(X[:150], y[:150], X[150:], y[150:], classes, **more)


def of_logits(y: Any, p: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(y, p, from_logits=True)


def of_one_logit(y: Any, p: Any) -> Any:
    return keras.losses.binary_crossentropy(y, p, from_logits=True)


def skewed(y: Any, p: Any) -> Any:
    share = keras.ops.sigmoid(p)
    return -(0.25 * y * keras.ops.log(share + 1e-7) + 0.75 * (1 - y) * keras.ops.log(1 - share))


def picked(y: Any, p: Any) -> Any:
    return -keras.ops.log(p[:, 0] * 0 + keras.ops.sum(p * keras.ops.one_hot(y, 3), -1) + 1e-7)


LOGITS: dict[str, tuple[int, Callable[[], Any], str | None, bool]] = {
    "an object of one logit": (
        1, lambda: keras.losses.BinaryCrossentropy(from_logits=True), None, True),
    "an object of logits": (
        3, lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True), None, True),
    "one-hot logits": (
        3, lambda: keras.losses.CategoricalCrossentropy(from_logits=True), None, True),
    "a function of logits": (3, lambda: of_logits, None, True),
    "a function of one logit": (1, lambda: of_one_logit, None, True),
    "a function with weights": (1, lambda: skewed, None, True),
    "a partial": (
        1, lambda: functools.partial(keras.losses.binary_crossentropy, from_logits=True), None,
        True),
    "a hinge": (1, lambda: "hinge", None, True),
    "a list": (1, lambda: [keras.losses.BinaryFocalCrossentropy(from_logits=True)], None, True),
    "a probability": (1, lambda: "binary_crossentropy", "sigmoid", False),
    "a probability said to be a logit": (
        1, lambda: keras.losses.BinaryCrossentropy(from_logits=True), "sigmoid", False),
    "a probability without an activation": (1, lambda: "binary_crossentropy", None, False),
    "a square": (1, lambda: "mse", None, False),
    "probabilities": (3, lambda: "sparse_categorical_crossentropy", "softmax", False),
    "probabilities of a function": (3, lambda: picked, None, False),
    "squares": (3, lambda: "mse", None, False),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGITS)
def test_logits_are_told_by_the_loss(name: str) -> None:
    units, loss, activation, logits = LOGITS[name]
    classes = 2 if units == 1 else 3
    model = made(units, loss(), activation)
    reading = reading_of(model, examples(TWO if units == 1 else THREE, classes))
    assert reading.logits is logits
    scores = predict(model, X, reading)
    assert scores.shape == (200, classes)
    if logits:
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
        assert scores.min() >= 0


@pytest.mark.parametrize(("units", "classes"), [(1, 2), (2, 2), (3, 3)])
def test_logits_are_learned_and_measured_by_probabilities(units: int, classes: int) -> None:
    y = TWO if classes == 2 else THREE
    kind = "BinaryCrossentropy" if units == 1 else "SparseCategoricalCrossentropy"
    model = made(units, getattr(keras.losses, kind)(from_logits=True), metrics=["accuracy"])
    given = examples(y, classes)
    run = epochs(model, given, horizon=25, batch_size=16, augmentation=Augmentation(), seed=0)
    found = list(run)[-1].val_measured
    given_logits = model.predict(X[150:], verbose=0)
    right = (given_logits[:, 0] > 0) if units == 1 else given_logits.argmax(axis=1)
    assert found == pytest.approx((right == y[150:]).mean())
    assert found > 0.8


@pytest.mark.parametrize(
    "threshold", [0.0, 0.7], ids=["at another number", "at yet another number"]
)
def test_an_accuracy_of_another_threshold_is_not_taken_for_it(threshold: float) -> None:
    said = keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)
    model = made(1, "binary_crossentropy", "sigmoid", metrics=[said])
    (epoch,) = epochs(
        model,
        examples(TWO, 2),
        horizon=1,
        batch_size=16,
        augmentation=Augmentation(),
        seed=0,
    )
    right = (model.predict(X[150:], verbose=0)[:, 0] > 0.5) == TWO[150:]
    assert epoch.val_measured == pytest.approx(right.mean())


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", keras.losses.LogCosh(), "poisson"])
@pytest.mark.parametrize("count", [1, 2])
def test_numbers_are_learned(loss: Any, count: int) -> None:
    y = AMOUNT if count == 1 else np.stack([AMOUNT, AMOUNT / 2], 1)
    start = keras.initializers.Constant(15.0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([L.Input((4,)), L.Dense(count, bias_initializer=start)])
    model.compile(keras.optimizers.Adam(0.1), loss)
    given = examples(y, count, task="regression")
    reading = reading_of(model, given)
    assert (reading.coding, reading.logits) == ("number", False)
    metric = metric_of("mae")
    run = epochs(
        model,
        given,
        horizon=20,
        batch_size=16,
        augmentation=Augmentation(),
        seed=0,
        metric=metric,
    )
    curve = list(run)
    scores = predict(model, X[150:], reading)
    assert scores.shape == y[150:].shape
    assert curve[-1].val_measured == pytest.approx(np.abs(scores - y[150:]).mean(), rel=1e-4)
    assert curve[-1].val_measured < 0.5 * curve[0].val_measured


@pytest.mark.parametrize(
    ("units", "loss", "activation", "said"),
    [
        (2, "mse", None, r"gives 2 numbers for an example, but an answer is one number"),
        (1, "mse", "softmax", "a softmax of one unit"),
        (1, "categorical_crossentropy", None, "no lower for right numbers than for wrong ones"),
        (1, "sparse_categorical_crossentropy", None, "no lower for right numbers than for wrong"),
        (1, "binary_crossentropy", None, "no lower for right numbers than for wrong ones"),
    ],
)
def test_a_model_that_learns_no_numbers_is_refused(
    units: int, loss: str, activation: str | None, said: str
) -> None:
    with pytest.raises(SpaceError, match=said):
        reading_of(made(units, loss, activation), examples(AMOUNT, 1, task="regression"))


def test_shares_may_be_learned_by_a_cross_entropy() -> None:
    shares = (1 / (1 + np.exp(-X[:, 0]))).astype(np.float32)
    model = made(1, "binary_crossentropy", "sigmoid")
    assert reading_of(model, examples(shares, 1, task="regression")).coding == "number"


def two_headed() -> keras.Model:
    keras.utils.set_random_seed(0)
    inputs = L.Input((4,))
    x = L.Dense(8, "relu")(inputs)
    heads = L.Dense(3, "softmax", name="kind")(x), L.Dense(1, name="amount")(x)
    model = keras.Model(inputs, dict(zip(("kind", "amount"), heads, strict=True)))
    model.compile(
        keras.optimizers.Adam(0.05),
        {"kind": "categorical_crossentropy", "amount": "mse"},
        loss_weights={"kind": 1.0, "amount": 0.01},
    )
    return model


@pytest.mark.parametrize(("output", "metric"), [("kind", "macro_f1"), ("amount", "mae")])
def test_one_of_several_outputs_is_measured(output: str, metric: str) -> None:
    y = {"kind": THREE, "amount": AMOUNT}
    classes, task = (3, "classification") if output == "kind" else (1, "regression")
    first, last = ({k: v[part] for k, v in y.items()} for part in (slice(150), slice(150, None)))
    given = Examples(X[:150], first, X[150:], last, classes, task, output=output)  # type: ignore[arg-type]
    model = two_headed()
    reading = reading_of(model, given)
    run = epochs(
        model,
        given,
        horizon=15,
        batch_size=16,
        augmentation=Augmentation(),
        seed=0,
        metric=metric_of(metric),
    )
    curve = list(run)
    scores = predict(model, X[150:], reading)
    measured = metric_of(metric).of(y[output][150:], scores)
    assert curve[-1].val_measured == pytest.approx(measured, rel=1e-4)
    assert metric_of(metric).is_better(curve[-1].val_measured, curve[0].val_measured)
    # The other one has been trained as well.
    other = model.predict(X[150:], verbose=0)["amount" if output == "kind" else "kind"]
    if output == "kind":
        assert np.corrcoef(other[:, 0], AMOUNT[150:])[0, 1] > 0.5
    else:
        assert (other.argmax(axis=1) == THREE[150:]).mean() > 0.6


def test_several_outputs_may_learn_the_same_answers() -> None:
    inputs = L.Input((4,))
    x = L.Dense(8, "relu", name="first")(inputs)
    early = L.Dense(3, "softmax", name="early")(x)
    late = L.Dense(3, name="late")(L.Dense(8, "relu")(x))
    model = keras.Model(inputs, [early, late])
    logits = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile("adam", ["sparse_categorical_crossentropy", logits])
    given = examples(THREE, 3, output="late")
    reading = reading_of(model, given)
    assert (reading.output, reading.coding, reading.logits) == ("late", "one_hot", True)
    (epoch,) = epochs(model, given, horizon=1, batch_size=16, augmentation=Augmentation(), seed=0)
    right = predict(model, X[150:], reading).argmax(axis=1) == THREE[150:]
    assert epoch.val_measured == pytest.approx(right.mean())


def test_an_output_that_is_not_there_is_named() -> None:
    with pytest.raises(SpaceError, match="no output 'kinds' but 'kind', 'amount'"):
        reading_of(two_headed(), examples(THREE, 3, output="kinds"))
