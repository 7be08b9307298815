"""Which candidate to train next: the gain in log size times the probability of the gain.

This is expected improvement under a constraint (Gardner et al. 2014, ICML), with two changes. Until
something has met the target there is no incumbent to improve on, and the gain is over a size above
all candidates. And all of it is divided by the square root of what a training costs, and weighed
with the chance that the configuration can be trained at all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tuner.samplers.smallest_feasible import failures
from tuner.samplers.smallest_feasible.candidates import startup
from tuner.samplers.smallest_feasible.prediction import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from tuner.samplers.smallest_feasible.candidates import Pool

    Gain = Callable[[Prediction, np.ndarray, np.ndarray], np.ndarray]
    """From a prediction, log sizes [n] and their standard deviations [n] to what it would be worth
    if the target is met, [n]; 0 for what must not be proposed."""

_OF_EACH_KIND = 400
"""Candidates of each kind before the rounds of mutation."""

_ROUNDS, _FEW_ROUNDS = 10, 2
"""Rounds of mutating the best candidates so far.

Many rounds find the candidate that the surrogate believes to be the best. Where sizes are learned,
or an earlier study is believed, that is often where the belief is wrong: then there are few rounds.
In a space of many parameters it mostly is, and there are none.
"""

_A_ROUND = 250
"""Candidates that one round adds."""

_BEST = 15
"""The best candidates so far, which a round mutates."""

_PARENTS = 8
"""The most promising trials, whose mutations are candidates."""

EARLY_LEAD = 2.0
"""While nothing meets the target: how far above the largest candidate, in log size, the size lies
over which the gain counts. It is e² times as large, so that even the largest has some gain."""

_REFUTED_LEAD = 0.1
"""The same where certificates refuted all that met the target. Those nearly meet it, so something
only a little larger is wanted, and small differences in size are to count."""

_WARM_GAIN = 0.3
"""Exponent of the gain after an earlier study, while nothing meets the target. Where that study's
shortfalls lie elsewhere, the probability is off, and a gain at full weight would exploit that."""

_COST_WEIGHT = 0.5
"""Exponent of the cost of an epoch that the expected gain is divided by (Snoek et al. 2012, arXiv
1206.2944, have 1). At 1 a search lingers among models that are too cheap to learn."""

_WORTHLESS = 1e-12
"""A gain in log size up to this is rounding, and counts as none."""


def gain_over_incumbent(prediction: Prediction, logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """What meeting the target with log sizes ``logs`` [n] would be worth, [n].

    The gain is how far the log size lies below the incumbent's. A running trial may set another
    incumbent first: the gain is the mean over which of them will have met the target by then.

    Args:
        prediction: Has the incumbent, and the running trials' chances.
        logs: Log sizes, [n].
        spread: Their standard deviations, 0 where sizes are known, [n].
    """
    incumbent = prediction.log_incumbent
    if not math.isfinite(incumbent):
        seen = prediction.pool.evidence
        early = logs.max() - logs + (_REFUTED_LEAD if seen.refuted else EARLY_LEAD)
        if seen.earlier and not seen.refuted:
            early **= _WARM_GAIN
        return np.where(logs < prediction.log_ceiling, early, 0.0)
    gain, open_share = np.zeros(len(logs)), 1.0
    for running, chance in prediction.running:
        if running < incumbent:
            gain += open_share * chance * _below(running, logs, spread)
            open_share *= 1 - chance
    allowed = (logs < incumbent) | (spread > 0)
    return np.where(allowed, gain + open_share * _below(incumbent, logs, spread), 0.0)


class Ranked(NamedTuple):
    """Candidates with what they are worth.

    Attributes:
        prediction: What is believed.
        units: Candidates, [n, d].
        scores: Log of their expected gains, -inf for what must not be proposed, [n].
    """

    prediction: Prediction
    units: np.ndarray
    scores: np.ndarray

    @property
    def best(self) -> np.ndarray | None:
        """The most promising one, [d]; None where none is worth training."""
        if not np.isfinite(self.scores).any():
            return None
        return np.asarray(self.units[int(np.argmax(self.scores))])


def best(pool: Pool, gain: Gain = gain_over_incumbent) -> np.ndarray:
    """The most promising candidate [d]; one without a surrogate where none is worth training.

    Args:
        pool: Where candidates come from, with the evidence.
        gain: What a size would be worth.
    """
    found = ranked(pool, gain).best
    return startup(pool) if found is None else found


def ranked(pool: Pool, gain: Gain = gain_over_incumbent) -> Ranked:
    """All candidates of one proposal, as `best` compares them."""
    prediction = Prediction(pool)
    seen = pool.evidence
    units = _first_candidates(pool)
    scores = score(prediction, units, gain)
    known = pool.size_of is not None and not seen.earlier
    for _ in range(0 if pool.many else _ROUNDS if known else _FEW_ROUNDS):
        top = units[np.argsort(-scores, kind="stable")[:_BEST]]
        more = pool.finish(pool.mutations(top, _A_ROUND))
        units = np.vstack([units, more])
        scores = np.concatenate([scores, score(prediction, more, gain)])
    return Ranked(prediction, units, scores)


def _first_candidates(pool: Pool) -> np.ndarray:
    """Candidates before any was scored, [n, d]."""
    seen = pool.evidence
    if seen.met.any():
        good = seen.met | (seen.is_earlier & (seen.shortfall <= 0))
        order = np.lexsort((seen.sizes, ~good, ~seen.met))
    else:
        order = np.argsort(seen.shortfall)
    parents = seen.points[order[:_PARENTS]]
    kinds = [] if pool.many and seen.met.any() else [pool.random(_OF_EACH_KIND)]
    kinds.append(pool.mutations(parents, _OF_EACH_KIND))
    kinds.append(np.where(np.isnan(seen.again), pool.encoding.center, seen.again))
    # Once something meets the target, its mutations are a better guess than the author's defaults.
    if pool.centered and not seen.met.any():
        kinds.append(pool.near_center(_OF_EACH_KIND))
    return pool.finish(np.vstack(kinds))


def score(
    prediction: Prediction, units: np.ndarray, gain: Gain = gain_over_incumbent
) -> np.ndarray:
    """Log of the expected gain of candidates [n, d]; -inf for what must not be proposed, [n]."""
    if prediction.doubts is not None and gain is gain_over_incumbent:
        return _score_by_world(prediction, units)
    logs, spread = prediction.sizes(units)
    built = np.isfinite(logs)
    gains = np.zeros(len(units))
    if built.any():
        gains[built] = gain(prediction, logs[built], spread[built])
    worth = gains > _WORTHLESS
    within = worth & (logs >= prediction.log_floor)
    if within.any():
        worth = within
    scores = np.full(len(units), -np.inf)
    if worth.any():
        # While nothing has met the target, the farther below it a candidate may end, the more it is
        # worth. After that, or where an earlier study tells what meets it, only the chance counts.
        seen = prediction.pool.evidence
        near = seen.met.any() or seen.refuted or seen.earlier
        hope = (prediction.log_chance if near else prediction.log_margin)(units[worth], logs[worth])
        scores[worth] = np.log(gains[worth]) + hope - _price(prediction, units[worth])
    return scores


def _score_by_world(prediction: Prediction, units: np.ndarray) -> np.ndarray:
    """As `score`, over the worlds in which other models that met the target are real."""
    from scipy.special import logsumexp

    assert prediction.doubts is not None
    scores = np.full(len(units), -np.inf)
    logs, spread = prediction.sizes(units)
    within = np.isfinite(logs) & (logs < prediction.doubts.log_limit)
    if (within & (logs >= prediction.log_floor)).any():
        within &= logs >= prediction.log_floor
    if within.any():
        sized = units[within], logs[within], spread[within]
        scores[within] = logsumexp(log_gains_by_world(prediction, *sized), axis=1)
    return scores


def log_gains_by_world(
    prediction: Prediction, units: np.ndarray, logs: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """Log of what candidates gain in each world, costs taken off, [n, w].

    The share that each world has in the mean is taken off as well: a row's sum is the mean.

    Args:
        prediction: With doubts.
        units: Candidates that can be built, [n, d].
        logs: Their log sizes, [n].
        spread: The standard deviations of these, [n].
    """
    doubts = prediction.doubts
    assert doubts is not None
    limits, world = np.unique(doubts.log_best, return_inverse=True)
    gains = np.column_stack([_below(limit, logs, spread) for limit in limits])
    gains[gains <= _WORTHLESS] = 0.0
    with np.errstate(divide="ignore"):
        logged = np.log(gains)[:, world] - math.log(len(world))
    price = _price(prediction, units)
    return np.asarray(logged + prediction.log_chance_by_world(units, logs) - price[:, None])


def _price(prediction: Prediction, units: np.ndarray) -> np.ndarray:
    """Log of what candidates cost, more where they may fail for all that, [n]."""
    seen = prediction.pool.evidence
    works = failures.log_chance(units, seen.failed, seen.worked)
    return np.asarray(_COST_WEIGHT * prediction.pool.log_costs(units) - works)


def _below(limit: float, logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Expected max(0, limit - log size) for log sizes with a mean and a spread [n]."""
    from scipy.special import ndtr

    gap = limit - logs
    sure = spread <= 0
    sd = np.where(sure, 1.0, spread)
    z = gap / sd
    unsure = gap * ndtr(z) + sd * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return np.where(sure, np.maximum(gap, 0.0), unsure)
