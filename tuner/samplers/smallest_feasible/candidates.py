"""Where the next proposal may come from: random points, points near the center, mutations."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tuner.samplers.smallest_feasible.encoding import Encoding
    from tuner.samplers.smallest_feasible.evidence import Evidence

_KEEP = 0.7
"""Probability that a point near the center keeps a coordinate that does not change the size."""

_ANEW = 0.2
"""Probability with which a mutated number is drawn anew; else it moves a little."""

_NARROWEST, _WIDEST = -2.0, -0.5
"""A mutation's moves have a standard deviation of 10 to the power of a number between these, as a
share of a range."""

MANY = 10
"""More parameters than this are many. Of most of such a space the surrogate knows nothing, and its
best would lie in some corner that nothing speaks for. So candidates stay near what was trained, as
in a trust region (Eriksson et al. 2019, NeurIPS)."""

_MUTATED, _MUTATED_OF_MANY = (1.0, 2.0, 4.0), (1.0, 2.0)
"""How many coordinates a mutation changes on average, one of these."""

_STARTUP_POINTS = 200
"""Points among which a startup proposal is chosen."""

_UPPER_SIZES = 0.3
"""Quantile of the candidates' log sizes above which startup proposals lie: with nothing known yet,
the smallest models are the least likely to meet the target."""


class Pool:
    """Makes candidates and knows their sizes.

    Args:
        encoding: The space.
        evidence: What the study has seen.
        size_of: Size of a configuration, or None where it is not known.
        fixed: Values that the caller has fixed, by name.
        centered: Whether the space's author has given defaults.
        rng: Source of randomness.
        cost_of: What an epoch of a configuration costs, or None where that is not known.
    """

    def __init__(
        self,
        encoding: Encoding,
        evidence: Evidence,
        size_of: Callable[[dict[str, Any]], int] | None,
        fixed: Mapping[str, Any],
        centered: bool,
        rng: np.random.Generator,
        cost_of: Callable[[dict[str, Any]], float] | None = None,
    ) -> None:
        self.cost_of = cost_of
        self.encoding, self.evidence, self.rng = encoding, evidence, rng
        self.size_of, self.centered = size_of, centered
        self._fixed = {i: n for i, n in enumerate(encoding.names) if n in fixed}
        self._values = dict(fixed)

    @property
    def many(self) -> bool:
        """Whether the space has many parameters."""
        return len(self.encoding.names) > MANY

    def decode(self, point: np.ndarray) -> dict[str, Any]:
        """The configuration at one point [d]."""
        return self.encoding.decode(point[None])[0]

    def finish(self, units: np.ndarray) -> np.ndarray:
        """Coordinates [n, d] as they would be proposed: snapped, fixed, without repetitions."""
        for column, name in self._fixed.items():
            units[:, column] = self.encoding.columns[column].encode(self._values[name])
        units = np.unique(self.encoding.snap(units).round(9), axis=0)
        fresh = np.ones(len(units), bool)
        for row in self.evidence.tried:
            if not (known := ~np.isnan(row)).any():
                continue
            fresh &= (np.abs(units[:, known] - row[known]) > 1e-6).any(axis=1)
        return np.asarray(units[fresh] if fresh.any() else units)

    def sizes(self, units: np.ndarray) -> np.ndarray:
        """Sizes of candidates [n, d], infinity for what cannot be built, [n]."""
        assert self.size_of is not None
        return np.array([self._size(params) for params in self.encoding.decode(units)])

    def log_costs(self, units: np.ndarray) -> np.ndarray:
        """Log cost of an epoch of candidates [n, d] that can be built, [n]; 0 where unknown."""
        if self.cost_of is None:
            return np.zeros(len(units))
        return np.log([self.cost_of(params) for params in self.encoding.decode(units)])

    def _size(self, params: dict[str, Any]) -> float:
        assert self.size_of is not None
        try:
            return max(float(self.size_of(params)), 1.0)
        except (ValueError, KeyError):  # KeyError: needs a parameter that no trial has had yet
            return math.inf

    @cached_property
    def shapes(self) -> np.ndarray:
        """Which coordinates change the size, bool [d]; all where sizes are unknown."""
        count = len(self.encoding.names)
        if self.size_of is None:
            return np.ones(count, bool)
        # Around three places, since a parameter may be out of use at any one of them.
        bases = np.vstack([self.encoding.center, self.rng.random((2, count))])
        probes = np.repeat(bases, 2 * count + 1, axis=0).reshape(3, 2 * count + 1, count)
        for i in range(count):
            probes[:, 2 * i + 1, i], probes[:, 2 * i + 2, i] = 0.0, 1.0
        sizes = self.sizes(self.encoding.snap(probes.reshape(-1, count))).reshape(3, -1)
        changed = (sizes[:, 1:] != sizes[:, :1]).reshape(3, count, 2)
        return np.asarray(changed.any(axis=(0, 2)))

    def random(self, count: int) -> np.ndarray:
        """Points spread over all of the space, [count, d]."""
        return self.rng.random((count, len(self.encoding.names)))

    def near_center(self, count: int, keep: float = _KEEP) -> np.ndarray:
        """Random points with most of what does not change the size at its center, [count, d]."""
        units = self.random(count)
        kept = (self.rng.random(units.shape) < keep) & ~self.shapes
        return np.asarray(np.where(kept, self.encoding.center, units))

    def mutations(self, parents: np.ndarray, count: int) -> np.ndarray:
        """Neighbours of points [p, d]: some coordinates moved or drawn anew, [count, d]."""
        dims = parents.shape[1]
        units = parents[self.rng.integers(len(parents), size=count)]
        units = np.where(np.isnan(units), self.random(count), units)
        changed = _MUTATED_OF_MANY if self.many else _MUTATED
        share = self.rng.choice(changed, size=(count, 1)) / max(dims, 4)
        moved = self.rng.random(units.shape) < share
        moved[np.arange(count), self.rng.integers(dims, size=count)] = True
        width = 10.0 ** self.rng.uniform(_NARROWEST, _WIDEST, size=(count, 1))
        near = units + width * self.rng.standard_normal(units.shape)
        # Reflected, not clipped: proposals would pile up on the edges.
        near = np.clip(1 - np.abs(1 - np.abs(near)), 0.0, 1.0)
        ordered = np.array([c.ordered for c in self.encoding.columns])
        anew = (self.rng.random(units.shape) < _ANEW) | ~ordered
        return np.asarray(np.where(moved, np.where(anew, self.random(count), near), units))


def startup(pool: Pool) -> np.ndarray:
    """A proposal without a surrogate [d], spread over log size, none that was tried."""
    units = pool.near_center(_STARTUP_POINTS) if pool.centered else pool.random(_STARTUP_POINTS)
    units = pool.finish(units)
    if pool.size_of is None:
        return np.asarray(units[pool.rng.integers(len(units))])
    sizes = pool.sizes(units)
    allowed = np.isfinite(sizes) & (sizes < pool.evidence.limit)
    if not allowed.any():
        allowed = np.isfinite(sizes)
    if not allowed.any():
        return np.asarray(units[0])
    units, logs = units[allowed], np.log(sizes[allowed])
    low, high = np.quantile(logs, [_UPPER_SIZES, 1.0])
    wanted = high - (high - low) * pool.rng.random()
    return np.asarray(units[np.argmin(np.abs(logs - wanted))])
