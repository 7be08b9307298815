"""What the evidence says of candidates: their size, and the probability of meeting the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tuner.curves.projection import SEED_NOISE
from tuner.samplers.smallest_feasible.doubts import Doubts, Witnesses
from tuner.samplers.smallest_feasible.encoding import activity_rules, place
from tuner.samplers.smallest_feasible.surrogate import NOISY, GaussianProcess

if TYPE_CHECKING:
    from tuner.samplers.smallest_feasible.candidates import Pool

_UNIT_QUANTILE = 0.4
"""Quantile of the absolute shortfalls that is the unit of the warp.

The surrogate learns arcsinh(shortfall / unit): linear within a unit of the target, logarithmic far
from it, where a training that learned nothing is no more evidence than a poor one.
"""

_LEAST_UNIT = 0.01
"""The unit is at least this, as a fraction of 1: closer to the target the seeds' noise decides."""

_LEAST_UNIT_UNMET = 1e-3
"""The same while nothing has met the target. There are tasks of which all configurations end within
a tenth of a point, and a search that takes that for noise never finds anything."""

_NOISE_SHARE_FLAT = 0.1
"""Where the unit is below `_LEAST_UNIT`: a finished training's noise as a share of the unit."""

_OWN_UNIT = 3
"""From so many trials of this study on, an earlier study's no longer set the unit: it may have been
about easier or harder things."""

_OWN_ALONE = 5
"""With so many trials of this study, it is asked whether the earlier ones say anything of it."""

_SIZE_SCALE = 2.0
"""Log sizes are divided by this before the surrogate sees them among parameters in 0 to 1: the size
tells more of the shortfall than any one parameter does."""

_NEAR = 0.05
"""A shortfall up to this, as a fraction of 1, is near the target."""

_LARGEST_STEP = 3.0
"""Proposals are at least the smallest size that came near the target, divided by this."""

_SEEDS = 5
"""Trainings of a certificate, whose mean must meet the target."""

_SURELY = 6.0
"""So many standard deviations below the target, all of a normal distribution counts as below it."""

_FARTHEST = 1e5
"""So many standard deviations above the target is as far as any: beyond, squares overflow."""

_SIZE_NOISE = 1e-4
"""Variance of the noise in learned log sizes: next to none, they are exact."""


class Prediction:
    """Predictions for candidates, from everything that the pool's evidence holds.

    Args:
        pool: The space with its evidence; at least one trial was trained.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        seen = pool.evidence
        self._rules = activity_rules(pool.encoding, seen.points)
        self._sizes = SizeModel(pool) if pool.size_of is None else None
        logs = self._log_or_mean(seen.points, seen.sizes)
        self._shift = float(logs.mean())
        least = _LEAST_UNIT if seen.met.any() else _LEAST_UNIT_UNMET
        telling = seen.shortfall[seen.earlier if seen.own >= _OWN_UNIT else 0 :]
        self._unit = max(least, float(np.quantile(np.abs(telling), _UNIT_QUANTILE)))
        spread = seen.spread
        if self._unit < _LEAST_UNIT:
            finished = spread <= SEED_NOISE
            spread = np.where(finished, _NOISE_SHARE_FLAT * self._unit, spread)
        scaled = seen.shortfall / self._unit
        # The warp's derivative carries each spread over.
        spread = spread / (self._unit * np.sqrt(1 + scaled**2))
        features = self._features(seen.points, logs)
        straight = np.zeros(features.shape[1])
        straight[-1] = 1.0
        if seen.earlier:
            features[:, -2] = seen.is_earlier
            straight[-2] = 1.0
        self._dropped = 0
        self._process = self._fitted(features, np.arcsinh(scaled), spread**2, straight)
        self.doubts = self._doubts() if seen.doubted else None
        self.running: list[tuple[float, float]] = self._believe_running()

    def sizes(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log sizes of candidates [n, d] and their standard deviations, two arrays [n]."""
        if self._sizes is None:
            return np.log(self.pool.sizes(units)), np.zeros(len(units))
        return self._sizes.predict(units)

    def log_chance(self, units: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """Log P(target is met) of candidates [n, d] with log sizes [n], [n].

        What must meet the target depends on what the search has found. Once a trial has met it,
        this is the mean of five fresh trainings, as a recipe's certificate asks. Where models are
        proven a single one would do, but its luck would make candidates that just miss the
        target look like an even chance, and a search would train them over and over. Before that,
        and after an earlier study, it is a single training: there something has yet to meet the
        target at all.
        """
        from scipy.special import log_ndtr

        mean, sd = self.shortfall(units, logs)
        seen = self.pool.evidence
        seeds = _SEEDS if seen.met.any() and not seen.earlier else 1
        return np.asarray(log_ndtr(-mean / np.hypot(sd, self._process.noise / math.sqrt(seeds))))

    def log_chance_by_world(self, units: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """As `log_chance`, in each of the worlds of `doubts`, [n, w]."""
        assert self.doubts is not None
        return self.doubts.log_chance(self._features(units, logs))

    def scaled(self, spread: float) -> float:
        """The standard deviation of a shortfall near 0, in units of the warp."""
        return math.hypot(spread / self._unit, self._process.noise)

    def log_margin(self, units: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """Log of how far below 0 the mean shortfall is expected, 0 where it is above, [n].

        In units of the warp; candidates [n, d] with log sizes [n].
        """
        return log_expected_margin(*self.shortfall(units, logs))

    def shortfall(self, units: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean shortfalls of candidates [n, d] with log sizes [n], and standard deviations, [n].

        In units of the warp.
        """
        return self._process.predict(self._features(units, logs))

    @property
    def log_incumbent(self) -> float:
        """Log size of the incumbent, infinity while there is none."""
        size = self.pool.evidence.incumbent
        if not math.isfinite(size):
            return math.inf
        return math.log(max(size, 1.0)) if self._sizes is None else self._sizes.log(size)

    @property
    def log_ceiling(self) -> float:
        """Log of the size of a queued reference that is being trained; infinity without one."""
        size = self.pool.evidence.ceiling
        return math.log(size) if self._sizes is None and 0 < size < math.inf else math.inf

    @property
    def log_floor(self) -> float:
        """Log size below which a proposal would leap beyond what the evidence can judge.

        Where a search begins at a large reference, one trial that met the target says nothing of
        models a hundredth its size, and the gain in size would tempt to them. Without an author's
        defaults the first trials lie at random sizes and bracket the answer by themselves.
        """
        seen = self.pool.evidence
        near = (seen.shortfall <= _NEAR) & np.isfinite(seen.sizes) & (seen.sizes > 0)
        if (own := near & ~seen.is_earlier).any():
            near = own
        if not self.pool.centered or self._sizes is not None or not near.any():
            return -math.inf
        return math.log(seen.sizes[near].min() / _LARGEST_STEP)

    def _fitted(
        self, x: np.ndarray, y: np.ndarray, noise: np.ndarray, straight: np.ndarray
    ) -> GaussianProcess:
        """The process of all trials; without an earlier study's, where those mislead.

        They do where a process of each study's own makes what both have seen more probable than
        one process of the two does (a Bayes factor; Kass & Raftery 1995, JASA 90), hyperparameters
        at their most probable values.
        """
        seen = self.pool.evidence
        prior = (NOISY,) if seen.doubted else ()
        both = GaussianProcess(x, y, noise, straight, *prior)
        if not seen.earlier or seen.own < _OWN_ALONE:
            return both
        then, now = (
            GaussianProcess(x[rows], y[rows], noise[rows], straight, *prior)
            for rows in (seen.is_earlier, ~seen.is_earlier)
        )
        if then.loss + now.loss >= both.loss:
            return both
        self._dropped = seen.earlier
        return now

    def _doubts(self) -> Doubts:
        """Who has met the target or may yet, and in which worlds that is real."""
        seen = self.pool.evidence
        rows = np.flatnonzero(seen.met)
        points = np.vstack([seen.points[rows], seen.running])
        sizes = np.concatenate([seen.sizes[rows], seen.running_sizes])
        logs = self._log_or_mean(points, sizes)
        alike: dict[tuple[float, ...] | int, list[int]] = {}
        for i in np.argsort(logs, kind="stable").tolist():
            alike.setdefault(i if seen.models else place(points[i]), []).append(i)
        groups, first = list(alike.values()), [group[0] for group in alike.values()]
        own = [[int(rows[i]) for i in group if i < len(rows)] for group in groups]
        witnesses = Witnesses(
            features=self._features(points[first], logs[first]),
            logs=logs[first],
            proven=np.array([bool(seen.proven[group].any()) for group in own]),
            numbers=[seen.numbers[group].tolist() for group in own],
            busy=np.array([max(group) >= len(rows) for group in groups]),
            rows=np.array([g[0] - self._dropped if seen.models and g else -1 for g in own]),
        )
        return Doubts(self._process, witnesses, _SEEDS, 1 if seen.models else _SEEDS)

    def _believe_running(self) -> list[tuple[float, float]]:
        """Take running trials at their prediction; their log sizes and P(target is met)."""
        seen = self.pool.evidence
        if not len(seen.running):
            return []
        logs = self._log_or_mean(seen.running, seen.running_sizes)
        chance = np.exp(self.log_chance(seen.running, logs))
        features = self._features(seen.running, logs)
        self._process = self._process.believing(features)
        return sorted(zip(logs.tolist(), chance.tolist(), strict=True))

    def _log_or_mean(self, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Log sizes of trials, predicted or at their mean where unknown, [n]."""
        unknown = np.isnan(sizes)
        if self._sizes is not None:
            logs = self._sizes.predict(points)[0]
            return np.array(
                [
                    p if u else self._sizes.log(s)
                    for p, u, s in zip(logs, unknown, sizes, strict=True)
                ]
            )
        logs = np.log(np.maximum(sizes, 1.0))
        logs[unknown] = logs[~unknown].mean() if not unknown.all() else 0.0
        return np.asarray(logs)

    def _features(self, points: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """What the process sees: parameters, whether of an earlier study, size, [n, f].

        An earlier study's trials differ from this one's by what one more feature says: a shift,
        and as much of a change in shape as the evidence shows (a multi-task process with the
        task as an input; Swersky et al. 2013, NeurIPS, and Bonilla et al. 2007, NeurIPS).
        """
        blocks = [self.pool.encoding.features(points, self._rules)]
        if self.pool.evidence.earlier:
            blocks.append(np.zeros((len(points), 1)))
        return np.hstack([*blocks, ((logs - self._shift) / _SIZE_SCALE)[:, None]])


def log_expected_margin(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Log of E[max(0, -f)] for normal f of these means and standard deviations, [n], [n] to [n].

    Written so that it stays exact far above 0 (Ament et al. 2023, arXiv 2310.20708).
    """
    from scipy.special import erfcx

    z = np.maximum(-mean / sd, -_FARTHEST)
    with np.errstate(over="ignore"):
        tail = 1 + z * math.sqrt(math.pi / 2) * erfcx(-z / math.sqrt(2))
    density = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    # Where z is large erfcx overflows, and nearly all of the distribution lies below 0.
    below = np.where(z > _SURELY, np.log(np.maximum(z, 1.0)), density + np.log(tail))
    return np.asarray(np.log(sd) + below)


class SizeModel:
    """Learns the size of a configuration from trials that tell theirs.

    Sizes are learned in their logarithm, or as they are where some are not positive.
    """

    def __init__(self, pool: Pool) -> None:
        seen = pool.evidence
        self.pool = pool
        self._rules = activity_rules(pool.encoding, seen.points)
        self._logarithmic = bool((seen.known_sizes > 0).all())
        logs = np.array([self.log(size) for size in seen.known_sizes])
        self._mean = float(logs.mean()) if len(logs) else 0.0
        self._scale = (float(logs.std()) if len(logs) else 0.0) or 1.0
        self._process: GaussianProcess | None = None
        if len(logs) >= 2:
            features = pool.encoding.features(seen.sized, self._rules)
            self._process = GaussianProcess(
                features,
                (logs - self._mean) / self._scale,
                np.full(len(logs), _SIZE_NOISE),
                np.ones(features.shape[1]),
            )

    def log(self, size: float) -> float:
        """A size on the scale on which sizes are learned."""
        return math.log(size) if self._logarithmic else size

    def predict(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log sizes of candidates [n, d] and their standard deviations, two arrays [n]."""
        if self._process is None:
            return np.full(len(units), self._mean), np.full(len(units), self._scale)
        mean, sd = self._process.predict(self.pool.encoding.features(units, self._rules))
        return self._mean + self._scale * mean, self._scale * sd
