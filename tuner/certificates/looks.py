"""Proof of a model: the very file that is delivered, measured once on the test examples.

A look is one measurement of one model on the test examples, and proves it where the one-sided
confidence bound of the metric is at or beyond the target. Over all its looks together, however
many there are, a study calls a model proven that does not meet the target with a chance of at most
`BUDGET`.

The budget is shared out in advance, most of it to the first looks, and only a look that fails uses
up its share. That is enough: of the models that do not meet the target, the first is looked at
with the first share at most, the second, where the first has failed, with the second at most, and
so on; all shares together are the budget, whatever the looks have in common (they share one set of
examples). Online control of this kind is J. Tian's and A. Ramdas's ("Online control of the
familywise error rate", Statistical Methods in Medical Research 30(4), 2021). Their online fallback
procedure adds what a proof had to the next share. It is not used: the sum holds for models that are
chosen in advance, and here the verdicts choose; tests/benchmarks/proofs shows where it goes beyond
the budget. The bounds themselves are `tuner.certificates.bounds`.

Nothing else of the test examples than the verdicts may decide which model is looked at next.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BUDGET = 0.05
"""The chance that a study may have of calling any model proven that does not meet the target."""


def share(place: int) -> float:
    """The share of the budget of the looks that come when `place` - 1 others have failed.

    It falls with the square, so that endlessly many shares sum to 1: 61 % for the first, 83 % for
    the first three, and 1 % for the eighth. With 10,000 examples a model must be 1.2 points above
    a target of 75 % to be proven in four of five first looks, and 1.8 points for the eighth.

    Args:
        place: From 1 on.
    """
    return 6.0 / (math.pi * place) ** 2


def level_of_next(verdicts: Sequence[bool]) -> float:
    """The confidence level at which a study's next look must prove its model.

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model. A look that did
            costs nothing: the next one has as much as it had.

    Returns:
        A level in (0.95, 1).
    """
    return 1.0 - BUDGET * share(_failed(verdicts) + 1)


def budget_left(verdicts: Sequence[bool]) -> float:
    """The share of the budget that a study's later looks still have, in (0, 1].

    Args:
        verdicts: Of each earlier look in its order, whether it proved its model.
    """
    return 1.0 - sum(share(place) for place in range(1, _failed(verdicts) + 1))


def _failed(verdicts: Sequence[bool]) -> int:
    return sum(not proven for proven in verdicts)
