"""A Gaussian process for few, noisy, mixed observations.

A Matérn 5/2 kernel with a length scale for each feature, on top of a straight line in some of
them. The length scales' prior grows with the number of features, as in Hvarfner et al. 2024 (arXiv
2402.02229), which keeps 20 dimensions usable with 10 observations; scikit-learn's process has no
such priors. Every observation has a noise of its own, so that a projected learning curve counts
for less than a finished one.
"""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import numpy as np

_SQRT5 = math.sqrt(5.0)

_MOST_FITTED = 150
"""Hyperparameters are fitted on at most so many observations, the newest: the time is cubic."""

_STEPS = 25
"""Most steps of the optimiser that fits them."""

_LENGTH, _LENGTH_SPREAD = math.log(1.2), 1.0
"""Prior mean and spread of the logarithm of a length scale, for four features in about [0, 1]."""

_SIGNAL, _SIGNAL_SPREAD = 0.0, 0.7
"""The same of the kernel's variance, for observations of about 1."""

_NOISE, _NOISE_SPREAD = -3.0, 1.0
"""The same of the noise's variance: exp(-3) is a standard deviation of 0.22."""

NOISY = -2.0
"""The mean instead of `_NOISE` where trainings of one model are thought to differ: exp(-2) is a
standard deviation of 0.37."""

_CONSTANT = 0.25
"""Prior variance of the constant."""

_REACH = 2.5
"""Hyperparameters stay within so many prior spreads of their prior mean."""

_JITTER = 1e-6
"""Variance added to every observation, so that the covariance can be factored."""


class _Solved(NamedTuple):
    """A factored covariance: Cholesky factor [n, n], weights [n], and two parts of the kernel."""

    factor: np.ndarray
    weights: np.ndarray
    smooth: np.ndarray
    pull: np.ndarray


class Joint(NamedTuple):
    """Several values of the process together.

    Attributes:
        x: Where, [k, f].
        mean: Their means, [k].
        covariance: Their covariance, [k, k].
        half: Their prior covariance with the observations, divided by its factor, [n, k].
    """

    x: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    half: np.ndarray


class GaussianProcess:
    """Posterior of a function that is smooth around a straight line.

    Args:
        x: Features in about [0, 1], [n, f].
        y: Observations in units of about 1, [n], at least one.
        noise: Known variance of each observation, [n].
        slope: For every feature the prior standard deviation of a straight line, [f].
        log_noise: Prior mean of the logarithm of the noise's variance that is not known.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        noise: np.ndarray,
        slope: np.ndarray,
        log_noise: float = _NOISE,
    ) -> None:
        self._mean = float(np.average(y, weights=1 / (noise + math.exp(log_noise))))
        self._x, self._y, self._noise, self._slope = x, y - self._mean, noise, slope
        features = x.shape[1]
        lengths = np.full(features, _LENGTH + 0.5 * math.log(features / 4))
        self._prior = np.concatenate([lengths, [_SIGNAL, log_noise]])
        self._spread = np.array([_LENGTH_SPREAD] * features + [_SIGNAL_SPREAD, _NOISE_SPREAD])
        self._theta = self._fit()
        self._solved = self._solve(np.arange(len(y)), self._theta)

    @property
    def noise(self) -> float:
        """Standard deviation of one more finished observation around the function."""
        return math.exp(0.5 * float(self._theta[-1]))

    @property
    def loss(self) -> float:
        """Minus the log density of the observations and the hyperparameters, but for constants."""
        return self._loss(self._theta, np.arange(len(self._y)))[0]

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation, without noise, at [m, f]: two arrays [m]."""
        mean, sd, _ = self._predict(x)
        return mean, sd

    def _predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `predict`, and the covariance with the observations divided by its factor, [n, m]."""
        from scipy.linalg import solve_triangular

        smooth, _ = self._kernel(self._x, x, self._theta)
        cross = smooth + self._line(self._x, x)
        mean = self._mean + cross.T @ self._solved.weights
        half = solve_triangular(self._solved.factor, cross, lower=True, check_finite=False)
        own = math.exp(self._theta[-2]) + (x**2 * self._slope**2).sum(axis=1) + _CONSTANT
        return mean, np.sqrt(np.maximum(own - (half**2).sum(axis=0), 1e-9)), half

    def joint(self, x: np.ndarray, rows: np.ndarray, seeds: int) -> Joint:
        """The posterior of several values together.

        Args:
            x: Where, [k, f].
            rows: Of what one training came to, its row among the observations: the function and
                what its seed added, without the noise that is known; -1 for the mean of some
                fresh trainings, [k].
            seeds: How many.
        """
        from scipy.linalg import solve_triangular

        mean, _, half = self._predict(x)
        seen, own = np.flatnonzero(rows >= 0), math.exp(self._theta[-1])
        shared = np.zeros((len(self._y), len(x)))
        shared[rows[seen], seen] = own
        half += solve_triangular(self._solved.factor, shared, lower=True, check_finite=False)
        smooth, _ = self._kernel(x, x, self._theta)
        covariance = smooth + self._line(x, x) - half.T @ half
        covariance[np.diag_indices(len(x))] += np.where(rows >= 0, own, own / seeds) + _JITTER
        mean += shared.T @ self._solved.weights
        return Joint(x, mean, (covariance + covariance.T) / 2, half)

    def beside(self, x: np.ndarray, others: Joint) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `predict` at [m, f], and the covariance of the function with other values, [m, k]."""
        mean, sd, half = self._predict(x)
        smooth, _ = self._kernel(x, others.x, self._theta)
        return mean, sd, smooth + self._line(x, others.x) - half.T @ others.half

    def believing(self, x: np.ndarray) -> GaussianProcess:
        """The process once its own means at [k, f] were observed (the kriging believer)."""
        means, _ = self.predict(x)
        other = copy.copy(self)
        other._x = np.vstack([self._x, x])
        other._y = np.concatenate([self._y, means - self._mean])
        other._noise = np.concatenate([self._noise, np.zeros(len(x))])
        other._solved = other._solve(np.arange(len(other._y)), self._theta)
        return other

    def _kernel(
        self, a: np.ndarray, b: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Matérn 5/2 covariance [n, m], and the common factor of its derivatives."""
        a, b = a / np.exp(theta[:-2]), b / np.exp(theta[:-2])
        squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
        r = np.sqrt(np.maximum(squares, 0.0)) * _SQRT5
        decay = np.exp(theta[-2] - r)
        return decay * (1 + r + r**2 / 3), decay * (1 + r) * (5 / 3)

    def _line(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((a * self._slope**2) @ b.T) + _CONSTANT

    def _solve(self, rows: np.ndarray, theta: np.ndarray) -> _Solved:
        from scipy.linalg import cho_solve, cholesky

        x = self._x[rows]
        smooth, pull = self._kernel(x, x, theta)
        covariance = smooth + self._line(x, x)
        covariance[np.diag_indices(len(rows))] += self._noise[rows] + math.exp(theta[-1]) + _JITTER
        factor = cholesky(covariance, lower=True)
        return _Solved(factor, cho_solve((factor, True), self._y[rows]), smooth, pull)

    def _fit(self) -> np.ndarray:
        """The most probable hyperparameters (maximum a posteriori)."""
        from scipy.optimize import minimize

        rows = np.arange(len(self._y))[-_MOST_FITTED:]
        reach = _REACH * self._spread
        bounds = np.column_stack([self._prior - reach, self._prior + reach])
        found = minimize(
            self._loss, self._prior, (rows,), "L-BFGS-B", True, bounds=bounds,
            options={"maxiter": _STEPS},
        )  # fmt: skip
        return np.asarray(found.x)

    def _loss(self, theta: np.ndarray, rows: np.ndarray) -> tuple[float, np.ndarray]:
        """Negative log posterior of the hyperparameters, and its gradient."""
        from scipy.linalg import cho_solve

        solved = self._solve(rows, theta)
        y, x = self._y[rows], self._x[rows] / np.exp(theta[:-2])
        inverse = cho_solve((solved.factor, True), np.eye(len(rows)))
        against = inverse - np.outer(solved.weights, solved.weights)
        pull = against * solved.pull
        gradient = np.empty_like(theta)
        gradient[:-2] = pull.sum(axis=1) @ x**2 - (x * (pull @ x)).sum(axis=0)
        gradient[-2] = 0.5 * (against * solved.smooth).sum()
        gradient[-1] = 0.5 * np.trace(against) * math.exp(theta[-1])
        off = (theta - self._prior) / self._spread
        loss = 0.5 * y @ solved.weights + np.log(np.diag(solved.factor)).sum() + 0.5 * off @ off
        return float(loss), gradient + off / self._spread
