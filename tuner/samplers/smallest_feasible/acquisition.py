"""Which candidate to train next: gain in log size times the hope of meeting the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tuner.samplers.smallest_feasible.candidates import startup
from tuner.samplers.smallest_feasible.prediction import Prediction

if TYPE_CHECKING:
    from tuner.samplers.smallest_feasible.candidates import Pool

# Candidates of each kind, then rounds of mutating the best so far: about 3,500 in all. Searches on
# 26 tasks of LCBench come near the smallest in 141 epochs with two rounds, 116 with five, 101 with
# ten. Where sizes are learned, or an earlier study is believed, more rounds find what is wrong.
_OF_EACH_KIND = 400
_ROUNDS, _FEW_ROUNDS = 10, 2
# With more parameters than that the surrogate knows nothing of most of the space, and the best of
# its own score lies in a corner: there are no rounds, and no random points once something has met
# the target (the idea of a trust region; Eriksson et al. 2019, NeurIPS). With the 20 of
# `tests/benchmarks/search/synthetic.py` 10 times smaller after 30 trials, with ten rounds 4.5.
_MOST_FOR_ROUNDS = 10
_A_ROUND = 250
_PARENTS = 8
_BEST = 15
# While nothing meets the target, the gain is over a size that many powers of e above the largest
# candidate. Where a certificate refuted all that did, they nearly meet it: something a little
# larger is wanted.
_EARLY_LEAD, _REFUTED_LEAD = 2.0, 0.1
# After an earlier study, whose shortfalls may lie elsewhere, the gain counts less (an exponent).
_WARM_GAIN = 0.3
_COST_WEIGHT = 0.5


def best(pool: Pool) -> np.ndarray:
    """The most promising candidate [d]; one without a surrogate where none is worth training."""
    prediction = Prediction(pool)
    seen = pool.evidence
    if seen.met.any():
        good = seen.met | (seen.is_earlier & (seen.shortfall <= 0))
        order = np.lexsort((seen.sizes, ~good, ~seen.met))
    else:
        order = np.argsort(seen.shortfall)
    parents = seen.points[order[:_PARENTS]]
    many = len(pool.encoding.names) > _MOST_FOR_ROUNDS
    kinds = [] if many and seen.met.any() else [pool.random(_OF_EACH_KIND)]
    kinds.append(pool.mutations(parents, _OF_EACH_KIND))
    # Once something meets the target, mutating it does better than keeping to the defaults: in
    # `tests/benchmarks/search/synthetic.py` 15 times smaller after 30 trials against 11.
    if pool.centered and not seen.met.any():
        kinds.append(pool.near_center(_OF_EACH_KIND))
    units = pool.finish(np.vstack(kinds))
    scores = score(prediction, units)
    known = pool.size_of is not None and not seen.earlier
    for _ in range(0 if many else _ROUNDS if known else _FEW_ROUNDS):
        top = units[np.argsort(-scores, kind="stable")[:_BEST]]
        more = pool.finish(pool.mutations(top, _A_ROUND))
        units = np.vstack([units, more])
        scores = np.concatenate([scores, score(prediction, more)])
    if not np.isfinite(scores).any():
        return startup(pool)
    return np.asarray(units[int(np.argmax(scores))])


def score(prediction: Prediction, units: np.ndarray) -> np.ndarray:
    """Log of the expected gain of candidates [n, d]; -inf for what must not be proposed, [n]."""
    logs, spread = prediction.sizes(units)
    built = np.isfinite(logs)
    gain = np.zeros(len(units))
    if built.any():
        gain[built] = _gain(prediction, logs[built], spread[built])
    worth = gain > 1e-12
    within = worth & (logs >= prediction.log_floor)
    if within.any():
        worth = within
    scores = np.full(len(units), -np.inf)
    if worth.any():
        # Until something comes near the target, what is likely far below it is worth the most;
        # where an earlier study tells what meets it, the smallest of that.
        seen = prediction.pool.evidence
        near = seen.met.any() or seen.refuted or seen.earlier
        hope = (prediction.log_chance if near else prediction.log_margin)(units[worth], logs[worth])
        # Expected improvement per unit of cost (Snoek et al. 2012, arXiv 1206.2944), at half its
        # weight: at full weight a search lingers among models too cheap to learn.
        price = _COST_WEIGHT * prediction.pool.log_costs(units[worth])
        scores[worth] = np.log(gain[worth]) + hope - price
    return scores


def _gain(prediction: Prediction, logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """What meeting the target with log size ``logs`` [n] would be worth, [n].

    The incumbent may be beaten by a trial that is still running: the gain is the mean over
    which of them will have met the target first.
    """
    incumbent = prediction.log_incumbent
    if not math.isfinite(incumbent):
        seen = prediction.pool.evidence
        early = logs.max() - logs + (_REFUTED_LEAD if seen.refuted else _EARLY_LEAD)
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


def _below(limit: float, logs: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Expected max(0, limit - log size) for log sizes with a mean and a spread [n]."""
    from scipy.special import ndtr

    gap = limit - logs
    sure = spread <= 0
    sd = np.where(sure, 1.0, spread)
    z = gap / sd
    unsure = gap * ndtr(z) + sd * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return np.where(sure, np.maximum(gap, 0.0), unsure)
