from __future__ import annotations

import math

import pytest

from tuner.basics import numbers


@pytest.mark.parametrize(
    ("seconds", "clock", "duration"),
    [
        (0.4, "0:00", "0.4 s"),
        (42, "0:42", "42 s"),
        (201, "3:21", "3 min 21 s"),
        (7_500, "2:05:00", "2 h 05 min"),
        (None, "-:--", "?"),
    ],
)
def test_times(seconds, clock, duration):
    assert numbers.clock(seconds) == clock
    assert numbers.duration(seconds) == duration


def test_numbers():
    assert numbers.count(4218) == "4,218"
    assert numbers.percent(0.7584) == "75.8 %"
    assert numbers.percent(float("nan")) == numbers.count(None) == "?"
    assert numbers.several(1, "trial") == "1 trial"
    assert [numbers.times(x) for x in (1.234, 18.54, 1_234.5)] == ["1.23", "18.5", "1,234"]


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_question_mark(unknown):
    for write in (numbers.count, numbers.percent, numbers.goal, numbers.duration):
        assert write(unknown) == "?"


@pytest.mark.parametrize(
    ("fraction", "said"), [(0.75, "75 %"), (0.725, "72.5 %"), (0.95, "95 %"), (1.0, "100 %")]
)
def test_a_chosen_number_keeps_its_digits(fraction, said):
    assert numbers.goal(fraction) == said


def test_differences_are_in_points():
    assert numbers.points(0.005) == "0.5 points"
    assert numbers.spread(0.0071) == "± 0.7"
    assert numbers.hundredths(0.7584, 2) == "75.84"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0.5, "0.5"),
        (950, "950"),
        (4_218, "4,218"),
        (78_186, "78.2k"),
        (1_234_567, "1.23M"),
        (2e9, "2G"),
    ],
)
def test_counts_beside_an_axis_are_short(number, said):
    assert numbers.short_count(number) == said


def test_amounts_of_memory():
    assert numbers.megabytes(170_498_071) == "170 MB"
    assert numbers.gigabytes(25e9) == "25 GB"
    assert numbers.gigabytes(9.87e9, 1) == "9.9 GB"


def test_a_rate_has_three_digits():
    assert numbers.rate(11.893) == "11.9"
