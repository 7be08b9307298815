"""What a trial stores for a hyperparameter, and which values that stands for."""

from __future__ import annotations

from typing import Any

import keras_tuner
import pytest
from optuna.distributions import IntDistribution

from tests.helpers.spaces import answered, everything_seen


@pytest.mark.parametrize(
    ("ask", "values"),
    [
        (lambda hp: hp.Int("a", 6, 13, step=3), {6, 9, 12}),
        (lambda hp: hp.Int("a", 6, 12), {6, 7, 8, 9, 10, 11, 12}),
        (lambda hp: hp.Int("a", 2, 32, step=2, sampling="log"), {2, 4, 8, 16, 32}),
        (lambda hp: hp.Int("a", 2, 40, step=2, sampling="log"), {2, 4, 8, 16, 32}),
        (lambda hp: hp.Int("a", 1, 8, step=2, sampling="reverse_log"), {8, 7, 5, 1}),
        (lambda hp: hp.Int("a", 1, 4, sampling="reverse_log"), {1, 2, 3, 4}),
        (lambda hp: hp.Int("a", 5, 5), {5}),
        (lambda hp: hp.Float("a", 0, 1, step=0.2), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}),
        (lambda hp: hp.Float("a", 0, 0.65, step=0.1), {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6}),
        (
            lambda hp: hp.Float("a", 0.001, 10, step=10, sampling="log"),
            {0.001, 0.01, 0.1, 1.0, 10.0},
        ),
        (lambda hp: hp.Choice("a", [0.5, 0.1]), {0.5, 0.1}),
        (lambda hp: hp.Choice("a", [3, 1, 2], ordered=False), {1, 2, 3}),
        (lambda hp: hp.Choice("a", ["only"]), {"only"}),
        (lambda hp: hp.Boolean("a"), {True, False}),
    ],
)
def test_values_of_a_hyperparameter(ask: Any, values: set[Any]) -> None:
    seen = everything_seen(ask)
    rounded = {round(v, 9) if isinstance(v, float) else v for v in seen}
    assert rounded == values
    assert {type(v) for v in seen} == {type(next(iter(values)))}


def test_choice_of_booleans_gives_the_integers_that_keras_tuner_gives() -> None:
    plain = keras_tuner.HyperParameters().Choice("a", [True, False])
    seen = everything_seen(lambda hp: hp.Choice("a", [True, False]), trials=30)
    assert {(type(v), v) for v in seen} == {(int, 0), (int, 1)}
    assert type(plain) is int


def test_reverse_log_is_dense_near_the_maximum() -> None:
    floats = everything_seen(lambda hp: hp.Float("a", 1, 1000, sampling="reverse_log"))
    assert all(1 <= v <= 1000 for v in floats)
    assert sorted(floats)[len(floats) // 2] > 900
    ints = everything_seen(lambda hp: hp.Int("a", 1, 1000, sampling="reverse_log"))
    assert sorted(ints)[len(ints) // 2] > 900


def test_log_is_dense_near_the_minimum() -> None:
    floats = everything_seen(lambda hp: hp.Float("a", 1, 1000, sampling="log"))
    assert 20 < sorted(floats)[len(floats) // 2] < 60


def test_values_record_what_the_model_saw_and_the_trial_the_index() -> None:
    hp = answered(a=3)
    assert hp.Int("a", 2, 32, step=2, sampling="log") == 16
    assert hp.values == {"a": 16}
    assert hp.trial.params == {"a": 3}
    assert hp.trial.distributions == {"a": IntDistribution(0, 4)}
