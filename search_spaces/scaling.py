"""What brings a network's inputs to numbers that it learns well from, and its outputs back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Normalization = Mapping[str, Sequence[float]]
"""``mean`` and ``deviation``, one number a channel, or one for all."""
Line = tuple[float | list[float], float | list[float]]
"""Scale and offset: ``x * scale + offset``."""

BYTES: Line = (1 / 64, -2.0)
"""Of pixels from 0 to 255."""


@dataclass(frozen=True)
class Scaling:
    """How images and answers are scaled; the constants are no parameters.

    Attributes:
        bytes: Whether images are bytes.
        given: What other images are like; None: they are taken as they are.
        answers: What amounts are like; None: they are taken as they are.
    """

    bytes: bool = True
    given: Normalization | None = None
    answers: Normalization | None = None

    @property
    def inputs(self) -> Line | None:
        """What is done to images first; None: nothing."""
        if self.bytes:
            return BYTES
        if self.given is None:
            return None
        scale = [1 / d for d in self.given["deviation"]]
        offset = [-m * s for m, s in zip(self.given["mean"], scale, strict=True)]
        return _plain(scale), _plain(offset)

    @property
    def outputs(self) -> Line | None:
        """What is done to amounts last; None: nothing."""
        if self.answers is None:
            return None
        return _plain(list(self.answers["deviation"])), _plain(list(self.answers["mean"]))

    @property
    def spread(self) -> float:
        """Mean square of the deviations of amounts, by which a squared error is divided."""
        if self.answers is None:
            return 1.0
        squares = [d * d for d in self.answers["deviation"]]
        return sum(squares) / len(squares)


def _plain(numbers: list[float]) -> float | list[float]:
    """One number instead of a list of equal ones."""
    return numbers[0] if len(set(numbers)) == 1 else numbers
