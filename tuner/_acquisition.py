"""Which candidate to train next: the gain in size × the probability of meeting the target."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tuner._encoding import activity_rules
from tuner._surrogate import GaussianProcess

if TYPE_CHECKING:
    from tuner._candidates import Pool

_FIRST = 800
_LOCAL = 250
_ROUNDS = 2
_EARLY = 0.3
_Q = 0.4
_NUG = -3.0
_SLOPE = 1.0
_PER_FOLD = 0.02
_AWAY = 0.02


class Model:
    """Predicts, for candidates, the size and the probability of meeting the target."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        ev = pool.evidence
        self._rules = activity_rules(pool.encoding, ev.points)
        self._sizes = None if pool.size_of is not None else SizeModel(pool, self._rules)
        logs = self._known_logs(ev.points, ev.sizes)
        self._shift, self._scale = float(logs.mean()), 4.0
        y, noise = self._warp(ev.shortfall, ev.spread)
        x = self._features(ev.points, logs)
        y = y - self._prior(ev.points, logs)
        slope = np.zeros(x.shape[1])
        slope[-1] = _SLOPE
        lengths = np.ones(x.shape[1])
        self._gp = GaussianProcess(x, y, noise, slope, lengths)
        if len(ev.running):
            logs_running = self._known_logs(ev.running, ev.running_sizes)
            more = self._features(ev.running, logs_running)
            mean, _ = self._gp.predict(more)
            self._gp = self._gp.with_fantasies(more, mean)
            self.running = more
        else:
            self.running = np.empty((0, x.shape[1]))

    def _known_logs(self, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        if self._sizes is None:
            logs = np.log(np.maximum(sizes, 1.0))
            return np.where(np.isnan(logs), np.nanmean(logs) if np.isfinite(logs).any() else 0, logs)
        return np.where(np.isnan(sizes), self._sizes.predict(points)[0], self._sizes.scale(sizes))

    def _warp(self, shortfall: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        positive = np.abs(shortfall)
        unit = self._unit = max(0.01, float(np.quantile(positive, _Q)))
        y = np.arcsinh(shortfall / unit)
        slope = 1 / (unit * np.sqrt(1 + (shortfall / unit) ** 2))
        return y, (spread * slope) ** 2

    def _prior(self, points: np.ndarray, logs: np.ndarray) -> np.ndarray:
        """What is expected of the warped shortfall before any evidence, up to a constant."""
        mean = -_PER_FOLD * (logs - self._shift)
        if self._pool.centered:
            away = np.nan_to_num(points - self._pool.encoding.center) ** 2
            mean = mean + _AWAY * (away * ~self._pool.shapes).sum(1)
        return mean / self._unit

    def _features(self, points: np.ndarray, logs: np.ndarray) -> np.ndarray:
        base = self._pool.encoding.features(points, self._rules)
        return np.hstack([base, ((logs - self._shift) / self._scale)[:, None]])

    def logs(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log sizes of candidates and their standard deviation."""
        if self._sizes is None:
            return np.log(self._pool.sizes(units)), np.zeros(len(units))
        return self._sizes.predict(units)

    def score(self, units: np.ndarray) -> np.ndarray:
        """Log acquisition, -inf for what must not be proposed."""
        from scipy.special import log_ndtr

        logs, sd_log = self.logs(units)
        allowed = np.isfinite(logs)
        incumbent = self._log_incumbent()
        if math.isfinite(incumbent):
            gap = incumbent - logs
            if sd_log.any():
                from scipy.special import ndtr

                z = gap / np.maximum(sd_log, 1e-9)
                gain = gap * ndtr(z) + sd_log * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
            else:
                gain = gap
            allowed &= gain > 1e-12
        else:
            top = max(logs[allowed].max(initial=0.0), 0.0)
            gain = (top - np.where(allowed, logs, top) + 2.0) ** _EARLY
        score = np.full(len(units), -np.inf)
        if allowed.any():
            mean, sd = self._gp.predict(self._features(units[allowed], logs[allowed]))
            mean = mean + self._prior(units[allowed], logs[allowed])
            total = np.sqrt(sd**2 + self._gp.noise**2)
            score[allowed] = np.log(gain[allowed]) + log_ndtr(-mean / total)
        return score

    def _log_incumbent(self) -> float:
        inc = self._pool.evidence.incumbent
        if not math.isfinite(inc):
            return math.inf
        return math.log(max(inc, 1.0)) if self._sizes is None else float(self._sizes.scale(np.array([inc]))[0])


class SizeModel:
    """Learns the size of a configuration from complete trials."""

    def __init__(self, pool: Pool, rules) -> None:
        ev = pool.evidence
        self._pool, self._rules = pool, rules
        known = ~np.isnan(ev.sizes)
        self._log = bool((ev.sizes[known] > 0).all())
        y = self.scale(ev.sizes[known])
        self._mean, self._sd = (float(y.mean()), float(y.std()) or 1.0) if known.any() else (0.0, 1.0)
        x = pool.encoding.features(ev.points[known], rules)
        self._gp = None
        if known.sum() >= 2:
            self._gp = GaussianProcess(
                x, (y - self._mean) / self._sd, np.full(len(y), 1e-4), np.ones(x.shape[1]), np.ones(x.shape[1])
            )

    def scale(self, sizes: np.ndarray) -> np.ndarray:
        return np.log(sizes) if self._log else sizes

    def predict(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._gp is None:
            return np.full(len(units), self._mean), np.full(len(units), self._sd)
        mean, sd = self._gp.predict(self._pool.encoding.features(units, self._rules))
        return self._mean + self._sd * mean, self._sd * sd


def best(pool: Pool) -> np.ndarray:
    """The most promising candidate [d]."""
    model = Model(pool)
    ev = pool.evidence
    order = np.lexsort((ev.sizes, ~ev.met)) if ev.met.any() else np.argsort(ev.shortfall)
    parents = ev.points[order[:8]]
    units = np.vstack([pool.random(_FIRST // 2), pool.mutations(parents, _FIRST // 2)])
    if pool.centered:
        units = np.vstack([units, pool.near_center(_FIRST // 2)])
    units = pool.finish(units)
    scores = model.score(units)
    for _ in range(_ROUNDS):
        top = units[np.argsort(-scores, kind="stable")[:15]]
        more = pool.finish(pool.mutations(top, _LOCAL))
        units = np.vstack([units, more])
        scores = np.concatenate([scores, model.score(more)])
    if not np.isfinite(scores).any():
        from tuner._candidates import startup
        return startup(pool)
    return units[int(np.argmax(scores))]
