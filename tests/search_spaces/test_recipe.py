from __future__ import annotations

from typing import Any

import keras
import pytest

from search_spaces.recipe import Recipe, compile_model

# Keras 3.15 reads TensorFlow's variables in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")


def compiled(**settings: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    # 10 epochs of 10 steps.
    compile_model(model, Recipe(batch_size=10, **settings), train_size=95, horizon=10)
    return model


def rates(schedule: str) -> list[float]:
    """The learning rate of each of the hundred steps, and of one after them."""
    optimizer = compiled(optimizer="sgd", sgd_rate=0.4, schedule=schedule).optimizer
    rates = []
    for step in range(101):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    return rates


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "linear"])
def test_learning_rate_falls_to_zero_at_the_horizon(schedule: str) -> None:
    curve = rates(schedule)
    assert max(curve) == pytest.approx(0.4, rel=1e-3)
    assert curve[100] == pytest.approx(0.0, abs=1e-6)
    assert curve[99] > 0
    peak = curve.index(max(curve))
    assert peak == (25 if schedule == "one_cycle" else 0)
    assert curve[: peak + 1] == sorted(curve[: peak + 1])
    assert curve[peak:] == sorted(curve[peak:], reverse=True)


def test_constant_learning_rate() -> None:
    assert rates("constant") == [pytest.approx(0.4)] * 101


def test_one_cycle_survives_a_training_of_one_step() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    compile_model(model, Recipe(schedule="one_cycle", batch_size=10), train_size=5, horizon=1)
    assert float(model.optimizer.learning_rate) > 0


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 0.004), ("sgd", 0.2)])
def test_weight_decay_is_the_loss_in_one_step_at_the_peak(optimizer: str, rate: float) -> None:
    settings = {f"{optimizer}_rate": rate}
    model = compiled(optimizer=optimizer, schedule="constant", weight_decay=1e-2, **settings)
    kernel, bias = model.trainable_variables
    kernel.assign(keras.ops.ones_like(kernel))
    bias.assign(keras.ops.ones_like(bias))
    zeros = [keras.ops.zeros_like(kernel), keras.ops.zeros_like(bias)]
    model.optimizer.apply(zeros, [kernel, bias])
    assert keras.ops.convert_to_numpy(kernel).mean() == pytest.approx(0.99, abs=1e-6)
    assert keras.ops.convert_to_numpy(bias).mean() == 1.0


def test_no_weight_decay_is_none_at_all() -> None:
    assert compiled(weight_decay=0.0).optimizer.weight_decay is None


def test_loss_takes_one_hot_labels_and_smooths_them() -> None:
    model = compiled(label_smoothing=0.1)
    assert isinstance(model.loss, keras.losses.CategoricalCrossentropy)
    assert model.loss.label_smoothing == 0.1
