"""How a keras-tuner hyperparameter is stored in Optuna.

Most are stored as they are. Where Optuna has no such distribution, it is given a stand-in: the
index of a value (``step`` with ``sampling="log"``: 2, 4, 8, ...) or the value mirrored in its
range (``sampling="reverse_log"``, dense near the maximum).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from keras_tuner.engine import hyperparameters as kt
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)


@dataclass(frozen=True)
class Code:
    """A hyperparameter's distribution in Optuna, and the way between the two values."""

    distribution: BaseDistribution
    values: tuple[Any, ...] | None = None
    """Optuna stores an index into these; None: it does not."""
    mirror: float | None = None
    """Optuna stores this minus the value; None: it does not."""

    @property
    def plain(self) -> bool:
        """Whether Optuna stores the value itself."""
        return self.values is None and self.mirror is None

    def decode(self, stored: Any) -> Any:
        """The value that the model sees."""
        if self.values is not None:
            return self.values[stored]
        return stored if self.mirror is None else self.mirror - stored

    def encode(self, value: Any) -> Any:
        """What Optuna stores for a value.

        Raises:
            ValueError: The value is not in the space; the message says what is.
        """
        stored = self._nearest(value)
        decoded = None if stored is None else self.decode(stored)
        same = decoded == value or (
            isinstance(decoded, float) and math.isclose(decoded, value, abs_tol=1e-12)
        )
        if stored is None or not same or isinstance(value, bool) > self._takes_bool:
            raise ValueError(f"must be {self.allowed} but got {value!r}")
        return stored

    def encode_default(self, value: Any) -> Any:
        """As `encode`, but a default off the range or grid, which keras-tuner allows, is moved."""
        return self._nearest(value)

    def draw(self, random: Random) -> Any:
        """A stored value by chance, every one alike: to explore a space, not to search it."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return random.choice(d.choices)
        if isinstance(d, IntDistribution):
            return random.randrange(d.low, d.high + 1, d.step)
        assert isinstance(d, FloatDistribution)
        if d.step is None:
            return random.uniform(d.low, d.high)
        return d.low + d.step * random.randrange(round((d.high - d.low) / d.step) + 1)

    @property
    def corners(self) -> tuple[Any, ...]:
        """Stored values that between them open most of what depends on this hyperparameter."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return d.choices
        assert isinstance(d, IntDistribution | FloatDistribution)
        return (d.low, d.high)

    @property
    def allowed(self) -> str:
        """The range, in words for an error."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return "one of " + ", ".join(map(str, d.choices))
        if self.values is not None:
            return "one of " + ", ".join(map(str, self.values))
        assert isinstance(d, IntDistribution | FloatDistribution)
        step = "" if d.step in (None, 1) else f" in steps of {d.step:g}"
        kind = "an integer" if isinstance(d, IntDistribution) else "a number"
        return f"{kind} in [{d.low:g}, {d.high:g}]{step}"

    def describe(self) -> dict[str, Any]:
        """All that makes this code what it is, for JSON."""
        return {
            "distribution": distribution_to_json(self.distribution),
            "values": self.values,
            "mirror": self.mirror,
        }

    @property
    def _takes_bool(self) -> bool:
        return isinstance(self.distribution, CategoricalDistribution)

    def _nearest(self, value: Any) -> Any:
        """The stored value whose decoded value is nearest; None where there is none."""
        d = self.distribution
        if isinstance(d, CategoricalDistribution):
            return next((c for c in d.choices if _same_choice(c, value)), None)
        if not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if self.values is not None:
            return min(range(len(self.values)), key=lambda i: abs(self.values[i] - value))  # type: ignore[index]
        target = value if self.mirror is None else self.mirror - value
        assert isinstance(d, IntDistribution | FloatDistribution)
        inside = min(max(target, d.low), d.high)
        if isinstance(d, IntDistribution):
            return d.low + round((inside - d.low) / d.step) * d.step
        if d.step is None:
            return float(inside)
        return d.low + round((inside - d.low) / d.step) * d.step


def _same_choice(choice: Any, value: Any) -> bool:
    # Boolean has real booleans, while Choice([True, False]) is 1 and 0 and takes either.
    return bool(choice == value) and (not isinstance(choice, bool) or isinstance(value, bool))


def code_of(hp: Any) -> Code | None:
    """The code of a keras-tuner hyperparameter; None for `Fixed`, which is never suggested."""
    if isinstance(hp, kt.Boolean):
        return Code(CategoricalDistribution((False, True)))
    if isinstance(hp, kt.Choice):
        return Code(CategoricalDistribution(tuple(dict.fromkeys(hp.values))))
    if isinstance(hp, kt.Int | kt.Float):
        return _code_of_number(hp)
    return None


def _code_of_number(hp: Any) -> Code:
    low, high = hp.min_value, hp.max_value
    if hp.sampling != "linear" and hp.step is not None:
        values = _geometric(low, high, hp.step)
        if hp.sampling == "reverse_log":
            values = [high + low - v for v in values]
        return Code(IntDistribution(0, len(values) - 1), values=tuple(values))
    log = hp.sampling != "linear"
    mirror = high + low if hp.sampling == "reverse_log" else None
    if isinstance(hp, kt.Int):
        step = hp.step or 1
        # Optuna would warn and lower a maximum that the steps do not hit.
        high -= (high - low) % step
        return Code(IntDistribution(low, high, log=log, step=step), mirror=mirror)
    if hp.step is None:
        return Code(FloatDistribution(low, high, log=log), mirror=mirror)
    return Code(FloatDistribution(low, _last_step(low, high, hp.step), step=float(hp.step)))


def _geometric(low: Any, high: Any, factor: Any) -> list[Any]:
    values = [low]
    while values[-1] * factor <= high * (1 + 1e-9):
        values.append(values[-1] * factor)
    return values


def _last_step(low: float, high: float, step: float) -> float:
    """The largest of low, low + step, ... within `high`, free of binary rounding."""
    low_, step_ = Decimal(str(low)), Decimal(str(step))
    return float(low_ + (Decimal(str(high)) - low_) // step_ * step_)


def optuna_name(hp: Any) -> str:
    """The name itself, followed by its conditions where it has any: ``units[kind=mlp]``.

    Optuna refuses a name whose choices change, while keras-tuner lets a name mean another
    hyperparameter under other conditions.
    """
    conditions = [f"{c.name}={'|'.join(map(str, c.values))}" for c in hp.conditions]
    return f"{hp.name}[{','.join(conditions)}]" if conditions else str(hp.name)
