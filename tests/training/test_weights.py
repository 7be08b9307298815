"""How much examples count, in every engine."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tuner.errors import StudyError
from tuner.training.augmentation import Augmentation
from tuner.training.engines.fit import FitEngine
from tuner.training.examples import Examples
from tuner.training.loop import epochs
from tuner.training.weights import class_weights, multiplied

L = keras.layers
RNG = np.random.default_rng(0)
X = RNG.standard_normal((96, 3)).astype(np.float32)
Y = (RNG.random(96) < 0.2).astype(np.int64)
WEIGHTS = RNG.random(96).astype(np.float32) * 3


def made() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([L.Input((3,)), L.Dense(2, "softmax")])
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    return model


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    theirs = compute_class_weight("balanced", classes=np.arange(2), y=Y)
    np.testing.assert_allclose(class_weights("balanced", ("a", "b"), Y), theirs, rtol=1e-6)


def test_a_table_has_names_or_numbers() -> None:
    classes = ("cat", "dog", "2")
    found = class_weights({"dog": 2.0, "0": 3.0, "2": 0.5}, classes)
    assert found is not None and found.tolist() == [3.0, 2.0, 0.5]
    assert class_weights(None, classes) is None


@pytest.mark.parametrize(
    ("classes", "said"),
    [(("cat", "dog"), "names the class 'dgo', .* did you mean 'dog'"), ((), "answers .* numbers")],
)
def test_a_table_that_does_not_fit_is_refused(classes: Any, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        class_weights({"dgo": 2.0}, classes)


def test_weights_of_examples_and_classes_are_multiplied() -> None:
    by_class = np.array([1.0, 4.0], np.float32)
    both = multiplied(WEIGHTS, by_class, Y)
    assert both is not None
    np.testing.assert_allclose(both, WEIGHTS * np.where(Y, 4, 1))
    assert multiplied(None, None, Y) is None
    assert multiplied(None, by_class, Y) is not None


@pytest.mark.parametrize("stock", [False, True], ids=["an engine of ours", "fit"])
def test_they_train_as_under_keras(stock: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if stock:
        monkeypatch.setattr("tuner.training.loop.engine_for", lambda model, *_: FitEngine(model))
    ours, theirs = made(), made()
    examples = Examples(X, Y, X, Y, 2, weights=WEIGHTS, validation_weights=WEIGHTS)
    run = epochs(ours, examples, horizon=1, batch_size=96, augmentation=Augmentation(), seed=0)
    (epoch,) = run
    seen = theirs.fit(
        X,
        Y,
        sample_weight=WEIGHTS,
        validation_data=(X, Y, WEIGHTS),
        batch_size=96,
        verbose=0,
    ).history
    for a, b in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert epoch.loss == pytest.approx(seen["loss"][0], rel=1e-5)
    assert epoch.val_loss == pytest.approx(seen["val_loss"][0], rel=1e-5)


def test_they_change_what_is_learned() -> None:
    def share(weight: float) -> float:
        model = made()
        weights = multiplied(None, np.array([1.0, weight], np.float32), Y)
        examples = Examples(X, Y, X, Y, 2, weights=weights)
        list(epochs(model, examples, horizon=5, batch_size=16, augmentation=Augmentation(), seed=0))
        return float((model.predict(X, verbose=0).argmax(axis=1) == 1).mean())

    assert share(8.0) > share(1.0) + 0.2
