"""Whether one thing helps: differences of means over seeds, with an interval.

Welch's interval: the two groups are independent and may vary differently. Its level is 95 % for
each comparison by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

LEVEL = 0.95
FEWEST = 3
"""Seeds on either side for which an interval is worth its name."""

Word = Literal["helps", "hurts", "cannot be told"]


@dataclass(frozen=True)
class Effect:
    """A difference of two means, with against without."""

    difference: float
    low: float
    high: float
    seeds: tuple[int, int]
    """How many there were without, and with."""

    def word(self, *, more_is_better: bool) -> Word:
        """What the interval says: it lies on one side of nothing, or it does not."""
        if self.low <= 0 <= self.high:
            return "cannot be told"
        return "helps" if (self.low > 0) == more_is_better else "hurts"

    def factor(self) -> Effect:
        """Of a difference of logarithms, how many times as large the one is."""
        low, high = math.exp(self.low), math.exp(self.high)
        return Effect(math.exp(self.difference), low, high, self.seeds)


def signed(difference: float) -> str:
    """A difference of two fractions in points, with its sign: ``+3.2``."""
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def difference(without: Sequence[float], with_it: Sequence[float]) -> Effect | None:
    """The mean with something minus the mean without it, and its interval.

    Returns:
        None where either side has fewer than `FEWEST` seeds.
    """
    n, m = len(without), len(with_it)
    if min(n, m) < FEWEST:
        return None
    from scipy import stats

    mean = float(np.mean(with_it) - np.mean(without))
    a, b = float(np.var(without, ddof=1)) / n, float(np.var(with_it, ddof=1)) / m
    if a + b == 0:
        return Effect(mean, mean, mean, (n, m))
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) * math.sqrt(a + b)
    return Effect(mean, mean - half, mean + half, (n, m))


def ratio(without: Sequence[float], with_it: Sequence[float]) -> Effect | None:
    """The same of logarithms, by which sizes vary; `Effect.factor` says how many times as large."""
    return difference([math.log(x) for x in without], [math.log(x) for x in with_it])
