"""What a search may expect: the next proposal's gain, and whether to check a model before it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tuner.samplers.smallest_feasible import acquisition

if TYPE_CHECKING:
    from tuner.samplers.smallest_feasible.acquisition import Ranked
    from tuner.samplers.smallest_feasible.prediction import Prediction

_LONGEST = 12
"""What is learned of a model steers so many proposals at most: others teach it later by the way."""

_COMPARED = 1000
"""Candidates among which it is asked what would be proposed instead."""

_OUTCOMES = 5
"""Into so many equally probable outcomes one more training is divided."""


@dataclass(frozen=True)
class Outlook:
    """What a search may expect of its next step.

    Attributes:
        expected_gain: By which share the next proposal is expected to make the smallest model that
            really meets the target smaller; None while nothing has met it.
        check: Number of a trial that met the target, and that is worth checking before the next
            proposal; None where none is.
        chances: For each trial that met the target, by number, the probability that it is real.
        limit: Size at and above which no training is worth anything; infinity without one.
    """

    expected_gain: float | None = None
    check: int | None = None
    chances: dict[int, float] = field(default_factory=dict)
    limit: float = math.inf


def outlook_of(found: Ranked, left: int | None, check_cost: float, noise: float | None) -> Outlook:
    """The outlook of a search in which something has met the target.

    Args:
        found: The candidates of the next proposal.
        left: How many trials are left; None: many.
        check_cost: What a check costs, where an average training is 1.
        noise: Standard deviation of one measured shortfall where a check is another training;
            None where it is a proof.
    """
    prediction = found.prediction
    seen = prediction.pool.evidence
    met = np.flatnonzero(seen.met)
    if prediction.doubts is None:
        gain = _gain(found)
        chances = {int(seen.numbers[i]): 1.0 for i in met}
        return Outlook(gain, None, chances, seen.incumbent)
    witnesses = prediction.doubts.witnesses
    chances = {
        number: float(chance)
        for numbers, chance in zip(witnesses.numbers, prediction.doubts.chances, strict=True)
        for number in numbers
    }
    chances = {number: chances[number] for number in sorted(chances)}
    limit = math.inf
    if (surely := prediction.doubts.surely) is not None:
        limit = float(seen.sizes[seen.numbers == witnesses.numbers[surely][0]][0])
    check = _check(found, left, check_cost, None if seen.models else noise)
    return Outlook(_gain(found), check, chances, limit)


def _gain(found: Ranked) -> float:
    """The best candidate's expected gain in size, as a share."""
    best, prediction = found.best, found.prediction
    if best is None:
        return 0.0
    units = best[None]
    logs, _ = prediction.sizes(units)
    if prediction.doubts is None:
        saved = np.maximum(prediction.log_incumbent - logs, 0.0)
        return float((1 - np.exp(-saved)) @ np.exp(prediction.log_chance(units, logs)))
    saved = np.maximum(prediction.doubts.log_best - logs, 0.0)
    return float(
        np.mean((1 - np.exp(-saved)) * np.exp(prediction.log_chance_by_world(units, logs)))
    )


def _check(found: Ranked, left: int | None, check_cost: float, noise: float | None) -> int | None:
    """The trial whose reality is worth knowing before the next proposal.

    Whoever knows it proposes something else where it is real than where it is not. What that is
    worth counts for the proposals to come until one of them meets the target, which makes the
    answer an old one. A check costs a part of a proposal.
    """
    prediction, doubts = found.prediction, found.prediction.doubts
    assert doubts is not None
    order = np.argsort(-found.scores, kind="stable")
    order = order[np.isfinite(found.scores[order])]
    if not len(order):
        return None
    spaced = np.linspace(0, len(order) - 1, min(_COMPARED, len(order))).astype(int)
    units = found.units[order[spaced]]
    gains = np.exp(acquisition.log_gains_by_world(prediction, units, *prediction.sizes(units)))
    now = float(gains.sum(axis=1).max())
    steps = _proposals(found, left)
    best, choice = check_cost * now, None
    for i, numbers in enumerate(doubts.witnesses.numbers):
        if not numbers or doubts.witnesses.busy[i] or doubts.real[:, i].all():
            continue
        known = float((gains @ _told(prediction, i, noise)).max(axis=0).sum())
        if (worth := steps * (known - now)) > best:
            best, choice = worth, numbers[0]
    return choice


def _proposals(found: Ranked, left: int | None) -> float:
    """How many proposals there will be, in the mean, until one of them meets the target."""
    assert found.best is not None
    units = found.best[None]
    chances = np.exp(found.prediction.log_chance_by_world(units, found.prediction.sizes(units)[0]))
    most = _LONGEST if left is None else min(left, _LONGEST)
    return float(((1 - chances.mean()) ** np.arange(most)).sum())


def _told(prediction: Prediction, i: int, noise: float | None) -> np.ndarray:
    """Probability of each outcome of a check of witness ``i`` in each world, [w, outcomes]."""
    from scipy.special import ndtr, ndtri

    doubts = prediction.doubts
    assert doubts is not None
    if noise is None:
        return np.column_stack([doubts.real[:, i], ~doubts.real[:, i]]).astype(float)
    latent, sd = doubts.latent[:, i], prediction.scaled(noise)
    spread = math.hypot(float(latent.std()), sd)
    edges = latent.mean() + spread * ndtri(np.arange(1, _OUTCOMES) / _OUTCOMES)
    below = ndtr((edges - latent[:, None]) / sd)
    ends = np.column_stack([np.zeros(len(latent)), below, np.ones(len(latent))])
    return np.asarray(np.diff(ends, axis=1))
