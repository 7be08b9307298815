"""A function of the user's own: ``file.py:function(y_true, scores)``, or one of a notebook's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from tuner.basics import held
from tuner.basics.causes import sentence_of
from tuner.basics.importing import find
from tuner.errors import StudyError
from tuner.objectives.metrics.base import Array, Metric

TAKEN = frozenset(("epoch", "loss", "seconds", "size", "number", "trial", "seed"))
"""Names of what else is told of an epoch or a trial."""


@dataclass(frozen=True)
class OwnMetric(Metric):
    """What a user's function returns of the truth and of the model's scores.

    Attributes:
        name: ``file.py:function`` or ``module:function``, imported where it is first measured; or
            what a study calls a function of a notebook's.
        greater_is_better: What the study's ``metric_direction`` says.
    """

    name: str
    greater_is_better: bool
    more_digits: ClassVar[int | None] = None  # type: ignore[misc]
    unit: ClassVar[float | None] = None  # type: ignore[misc]

    @property
    def title(self) -> str:  # type: ignore[override]
        """The function's name."""
        return self.name.rpartition(":")[2]

    @property
    def shown(self) -> str:
        """What errors call it."""
        return held.shown(self.name)

    @property
    def key(self) -> str:
        """The function's name, unless an epoch has something else of that name."""
        return f"own_{self.title}" if self.title in TAKEN else self.title

    @property
    def worst(self) -> float:  # type: ignore[override]
        """Nobody knows one."""
        return -math.inf if self.greater_is_better else math.inf

    @property
    def best(self) -> float:  # type: ignore[override]
        """Nobody knows one."""
        return -self.worst

    @cached_property
    def _function(self) -> Callable[..., Any]:
        return find(self.name, wanted="a function of (y_true, scores)", failed=StudyError)

    def load(self) -> None:
        """Imports the function.

        Raises:
            StudyError: It cannot be imported, or is none.
        """
        self._function  # noqa: B018 - imports it

    def of(self, y_true: Array, scores: Array) -> float:
        """What the function returns.

        Raises:
            StudyError: It cannot be imported, fails, or returns no number.
        """
        if not np.isfinite(scores).all():
            return self.worst
        try:
            found = self._function(y_true, scores)
        except StudyError:
            raise
        except (Exception, SystemExit) as error:  # someone else's function
            raise StudyError(f"metric {self.shown}: {sentence_of(error)}") from error
        try:
            number = float(found)
        except (TypeError, ValueError) as error:
            raise StudyError(
                f"metric {self.shown} must return a number but returned a {type(found).__name__}; "
                "return float(...) of it."
            ) from error
        if math.isnan(number):
            raise StudyError(
                f"metric {self.shown} returned NaN for {len(y_true):,} examples with finite "
                "scores; return a number for any of them."
            )
        return number
