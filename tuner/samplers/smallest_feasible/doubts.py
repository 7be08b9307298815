"""Which of the models that met the target really meet it, and what a proposal is worth then.

A model that met the target once may have been lucky: in its seed, and in the validation images. The
surrogate says how probable that is, and also how the answers hang together: where the smallest is
not real, models smaller than that mostly are not either. So a proposal's worth is its mean over
worlds, each a joint draw of what is real from the surrogate's posterior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tuner.samplers.smallest_feasible.surrogate import GaussianProcess

SURE = 0.99
"""From this chance on a model counts as real."""

_DRAWS = 256
"""Worlds, in pairs that mirror each other."""

_LEAD = 0.25
"""Where none is real, the gain counts over a size that lies so far, in log size, above the largest
that met the target."""


@dataclass(frozen=True)
class Witnesses:
    """Configurations that met the target or may yet, with the smallest first.

    Attributes:
        features: As the surrogate sees them, [k, f].
        logs: Their log sizes, [k].
        proven: Which of them are proven to meet it, bool [k].
        numbers: The trials of each that met it; none where the first is still being trained.
        busy: Which of them are being trained, bool [k].
        rows: The surrogate's observation of each; -1 where it is the configuration that is to be
            real, whatever one training of it came to, [k].
    """

    features: np.ndarray
    logs: np.ndarray
    proven: np.ndarray
    numbers: list[list[int]]
    busy: np.ndarray
    rows: np.ndarray


class Doubts:
    """Worlds that differ in which models are real.

    Args:
        process: The surrogate, before it believes anything of running trials.
        witnesses: Whose reality is in question, at least one.
        seeds: Trainings of a candidate, whose mean is to meet the target.
        fresh: Trainings of a witness without an observation of its own, whose mean is to meet it.

    Attributes:
        chances: P(real) of each witness, [k].
        real: Which are real in which world, bool [w, k].
        log_best: Log size of the smallest real one in each world, [w].
    """

    def __init__(
        self, process: GaussianProcess, witnesses: Witnesses, seeds: int, fresh: int
    ) -> None:
        from scipy.linalg import cho_solve, cholesky
        from scipy.special import ndtr

        self._process, self._noise = process, process.noise / math.sqrt(seeds)
        self.witnesses = witnesses
        self._joint = process.joint(witnesses.features, witnesses.rows, fresh)
        _, mean, covariance, _ = self._joint
        chances = ndtr(-mean / np.sqrt(np.diag(covariance)))
        self.chances = np.where(witnesses.proven, 1.0, chances)
        factor = cholesky(covariance, lower=True)
        half = np.random.default_rng(0).standard_normal((_DRAWS // 2, len(mean)))
        self.latent = mean + np.vstack([half, -half]) @ factor.T
        self.real = (self.latent <= 0) | witnesses.proven
        self.real[:, self.chances >= SURE] = True
        first = np.argmax(self.real, axis=1)
        none = witnesses.logs[[bool(n) for n in witnesses.numbers]].max() + _LEAD
        self.log_best = np.where(self.real.any(axis=1), witnesses.logs[first], none)
        self._off = cho_solve((factor, True), (self.latent - mean).T)
        self._inverse = cho_solve((factor, True), np.eye(len(mean)))

    @property
    def surely(self) -> int | None:
        """The first witness of which it is sure that it, or a smaller one, is real; None: none is.

        Nothing as large is worth a training. What is still being trained has yet to meet the
        target, and makes nothing sure.
        """
        met = np.array([bool(numbers) for numbers in self.witnesses.numbers])
        share = np.maximum.accumulate(self.real & met, axis=1).mean(axis=0)
        sure = np.flatnonzero(share >= SURE)
        return int(sure[0]) if len(sure) else None

    @property
    def log_limit(self) -> float:
        """Its log size; infinity without one."""
        return math.inf if self.surely is None else float(self.witnesses.logs[self.surely])

    def log_chance(self, features: np.ndarray) -> np.ndarray:
        """Log P(candidates [n, f] meet the target) in each world, [n, w]."""
        from scipy.special import log_ndtr

        mean, sd, cross = self._process.beside(features, self._joint)
        told = np.einsum("nk,kl,nl->n", cross, self._inverse, cross)
        left = np.sqrt(np.maximum(sd**2 - told, 1e-9) + self._noise**2)
        means = mean[:, None] + cross @ self._off
        return np.asarray(log_ndtr(-means / left[:, None]))
