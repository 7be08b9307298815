"""How long a metric's lengths are on a set of answers, known before any training."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.metrics import Error
from tuner.errors import StudyError
from tuner.objectives.metrics import METRICS
from tuner.objectives.target import MOST, Target
from tuner.objectives.yardstick import Yardstick, of_constant, yardstick

RARE = np.repeat([0, 1], [95, 5])
AMOUNTS = np.array([0.0, 0.0, 0.0, 4.0])


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("accuracy", 0.95),
        ("balanced_accuracy", 0.5),
        ("macro_f1", (190 / 195) / 2),
        ("auc", 0.5),
        ("average_precision", 0.05),
    ],
)
def test_what_one_answer_for_all_classes_has(name: str, alone: float) -> None:
    assert of_constant(METRICS[name], RARE, 2) == pytest.approx(alone)


@pytest.mark.parametrize(("name", "alone"), [("mae", 1.0), ("rmse", math.sqrt(3)), ("r2", 0.0)])
def test_what_one_number_for_all_has(name: str, alone: float) -> None:
    # The median 0 has the least absolute error, the mean 1 the least squared one.
    assert of_constant(METRICS[name], AMOUNTS, 0) == pytest.approx(alone)


def test_the_unit_of_an_error_is_that_of_a_constant() -> None:
    answers = np.random.default_rng(0).normal(size=1_000) * 20
    found = yardstick(METRICS["mae"], answers, 0, 4.0)
    assert found.unit == found.constant == pytest.approx(16, rel=0.05)
    # Of 1,000 errors of mean 4: their deviation is about as large.
    assert found.error == pytest.approx(4 / math.sqrt(1_000), rel=0.25)


def test_the_noise_of_an_accuracy_is_the_binomial_one() -> None:
    answers = np.random.default_rng(0).integers(0, 10, 1_000)
    found = yardstick(METRICS["balanced_accuracy"], answers, 10, 0.8)
    assert found.unit == 1
    assert found.error == pytest.approx(math.sqrt(0.8 * 0.2 / 1_000), rel=0.1)
    more = np.tile(answers, 10)  # of which 4,000 are looked at
    assert yardstick(METRICS["balanced_accuracy"], more, 10, 0.8).error == pytest.approx(
        found.error / math.sqrt(10), rel=0.1
    )


def test_a_target_beyond_the_truth_is_refused() -> None:
    with pytest.raises(StudyError, match=r"is beyond the 1\.000 of predictions that are all right"):
        yardstick(METRICS["macro_f1"], RARE, 2, 1.5)


def test_it_is_stored_and_read() -> None:
    found = Yardstick(2.0, 0.1, 1.5)
    assert Yardstick.read(found.stored()) == found


def test_shortfalls_are_told_in_units() -> None:
    target = Target(2.0, 0.25, Error(), unit=5.0)
    assert target.shortfall(4.25) == 2.5 and target.reported(4.25) == 0.5
    assert target.measured(0.5) == 2.5
    assert target.reported(1e12) == MOST
    assert math.isnan(target.reported(math.nan))
    assert target.is_met(1.75) and target.reported(1.75) == 0


@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_answers_of_several_numbers(name: str) -> None:
    y = np.random.default_rng(0).normal(size=(400, 3))
    found = yardstick(METRICS[name], y, 0, 0.3)
    assert found.unit > 0 and 0 < found.error < 0.2
