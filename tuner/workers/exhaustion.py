"""Whether a search has anything left to train.

The sampler cannot tell: where nothing is left it proposes again what was tried, or what is not
smaller than the incumbent. Both are turned away, but only once a model was built for each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Params = Mapping[str, Any]
SizeOf = Callable[[dict[str, Any]], int]

MOST_LISTED = 5_000
"""Spaces of up to so many configurations are looked through one by one."""

LEVELS = 16
"""Values of one parameter that are looked at where it has too many, spread over its range."""

STARTS = 64
"""Random configurations from the smallest of which the search for a smaller one begins."""

DIGITS = 9
"""Decimal places in which two values of a parameter are compared."""


def is_exhausted(
    space: Mapping[str, BaseDistribution],
    tried: Sequence[Params],
    size_of: SizeOf | None = None,
    limit: float = math.inf,
) -> bool:
    """Whether nothing in a space is both untried and smaller than a limit.

    Args:
        space: Distribution by name; of a conditional space the union of all its parts. None of them
            may be missing, or what depends on it is not looked at.
        tried: The configurations that are not to be trained again, each with the parameters that
            were in use.
        size_of: Size of a configuration, where it is known before a model is built; it gets every
            parameter of the space, and raises ValueError where no model can be built.
        limit: The size that is still too large.

    Returns:
        True where all configurations were looked at, or where none that is small enough was found
        from the smallest corners of the space on; False where something is left, or cannot be
        ruled out.
    """
    if not space:
        return False
    if size_of is not None and smallest_size(space, size_of) >= limit:
        return True
    known = _Tried(tried)
    listed = configurations(space)
    if listed is None:
        return False
    return all(params in known or not _is_small(params, size_of, limit) for params in listed)


def configurations(space: Mapping[str, BaseDistribution]) -> Iterator[dict[str, Any]] | None:
    """Every configuration of a space; None where there are more than `MOST_LISTED`."""
    values = [_values(distribution, MOST_LISTED) for distribution in space.values()]
    if any(v is None for v in values) or math.prod(len(v or ()) for v in values) > MOST_LISTED:
        return None
    rows = itertools.product(*(v or () for v in values))
    return (dict(zip(space, row, strict=True)) for row in rows)


def smallest_size(space: Mapping[str, BaseDistribution], size_of: SizeOf) -> float:
    """The smallest size that can be found, one parameter at a time; infinity without any.

    Sizes grow with nearly all that they depend on, so that this is the smallest there is.
    """
    random = Random(0)
    levels = {name: _levels(distribution) for name, distribution in space.items()}
    starts = [{name: found[place] for name, found in levels.items()} for place in (0, -1)]
    starts += [{n: random.choice(found) for n, found in levels.items()} for _ in range(STARTS)]
    size, params = min(((_size(p, size_of), p) for p in starts), key=lambda pair: pair[0])
    shrinks = math.isfinite(size)
    while shrinks:
        shrinks = False
        for name, found in levels.items():
            for value in found:
                other = {**params, name: value}
                if (now := _size(other, size_of)) < size:
                    size, params, shrinks = now, other, True
    return size


class _Tried:
    """Configurations that were tried, to be asked for one that may have more parameters."""

    def __init__(self, tried: Iterable[Params]) -> None:
        self._known: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
        for params in tried:
            names = tuple(sorted(params))
            self._known.setdefault(names, set()).add(_key(params, names))

    def __contains__(self, params: Params) -> bool:
        return any(
            all(name in params for name in names) and _key(params, names) in known
            for names, known in self._known.items()
        )


def _key(params: Params, names: Iterable[str]) -> tuple[Any, ...]:
    values = [params[name] for name in names]
    return tuple(round(v, DIGITS) if isinstance(v, float) else v for v in values)


def _is_small(params: dict[str, Any], size_of: SizeOf | None, limit: float) -> bool:
    return size_of is None or _size(params, size_of) < limit


def _size(params: dict[str, Any], size_of: SizeOf) -> float:
    try:
        return size_of(params)
    except (ValueError, KeyError):
        return math.inf


def _values(distribution: BaseDistribution, most: int) -> Sequence[Any] | None:
    """All values of one parameter; None where there are more than ``most``."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step
    if low == high:
        return (low,)
    if step is None:
        return None
    count = round((high - low) / step) + 1
    return [low + step * i for i in range(count)] if count <= most else None


def _levels(distribution: BaseDistribution) -> Sequence[Any]:
    """All values of one parameter, or some from its lowest to its highest."""
    if (values := _values(distribution, LEVELS)) is not None:
        return values
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = distribution.low, distribution.high
    levels = [low + (high - low) * i / (LEVELS - 1) for i in range(LEVELS)]
    if isinstance(distribution, IntDistribution):
        step = distribution.step
        return [low + round((v - low) / step) * step for v in levels]
    return levels
