"""Differences over seeds, and what they say."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from analysis.lab.effects import difference, ratio


def test_the_interval_is_welchs() -> None:
    a, b = [0.60, 0.61, 0.63], [0.66, 0.65, 0.69, 0.70]
    found = difference(a, b)
    assert found is not None
    wanted = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(wanted.low), pytest.approx(wanted.high))
    assert found.difference == pytest.approx(0.675 - 0.61333333)
    assert found.seeds == (3, 4)


@pytest.mark.parametrize(
    ("with_it", "more", "fewer"),
    [
        ([0.70, 0.71, 0.72], "helps", "hurts"),
        ([0.50, 0.51, 0.52], "hurts", "helps"),
        ([0.60, 0.62, 0.61], "cannot be told", "cannot be told"),
    ],
)
def test_a_difference_is_a_word(with_it: list[float], more: str, fewer: str) -> None:
    found = difference([0.60, 0.61, 0.62], with_it)
    assert found is not None
    assert found.word(more_is_better=True) == more
    assert found.word(more_is_better=False) == fewer


def test_two_seeds_tell_nothing() -> None:
    assert difference([0.6, 0.61], [0.9, 0.91, 0.92]) is None
    assert difference([0.6, 0.61, 0.62], []) is None


def test_the_same_value_over_all_seeds_has_no_width() -> None:
    found = difference([0.5] * 3, [0.75] * 3)
    assert found is not None
    assert (found.low, found.high) == (0.25, 0.25)
    same = difference([0.5] * 3, [0.5] * 3)
    assert same is not None and same.word(more_is_better=True) == "cannot be told"


def test_sizes_are_compared_as_factors() -> None:
    found = ratio([1000, 1100, 900], [2000, 2200, 1800])
    assert found is not None
    factor = found.factor()
    assert factor.difference == pytest.approx(2)
    assert factor.low < 2 < factor.high and factor.low > 1
    assert math.log(factor.low) == pytest.approx(found.low)
    assert found.word(more_is_better=False) == "hurts"
