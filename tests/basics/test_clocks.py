"""Time in which a process was asleep is nobody's silence."""

from __future__ import annotations

import pytest

from tuner.basics.clocks import MOST_AT_ONCE, WakingClock


def read(*moments: float) -> float:
    """What a clock shows that was begun at 0 and looked at in these moments."""
    given = iter((0.0, *moments))
    clock = WakingClock(lambda: next(given))
    return [clock() for _ in moments][-1]


@pytest.mark.parametrize(
    ("moments", "shown"),
    [
        ((5, 10, 15), 15),
        ((5, 10, 10 + 8 * 3_600), 10 + MOST_AT_ONCE),  # the lid was closed
        ((5, 10, 10 + 8 * 3_600, 15 + 8 * 3_600), 15 + MOST_AT_ONCE),
        ((600, 1_200, 1_800), 1_800),  # one that looks every ten minutes
        ((0.2, 0.4, 0.6, 0.8, 1.2), 1.2),  # many looks at once are one
        ((0.0, 180.0), 180.0),
    ],
)
def test_what_passes_between_two_looks(moments: tuple[float, ...], shown: float) -> None:
    assert read(*moments) == pytest.approx(shown)
