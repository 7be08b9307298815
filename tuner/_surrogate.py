"""A Gaussian process for few, noisy, mixed observations.

A Matérn 5/2 kernel with a length scale per feature, on top of a straight line in some features.
Length scales have the prior of Hvarfner et al. 2024 (arXiv 2402.02229), which grows with the
number of features and so keeps 20 dimensions usable with 10 observations; every observation has a
noise of its own, so that a projected learning curve counts for less than a finished one.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

_SQRT5 = math.sqrt(5.0)
# Hyperparameters are fitted on at most so many observations: the fit is cubic in them.
_MOST_FITTED = 250
_STEPS = 25


class GaussianProcess:
    """Posterior of a function that is smooth around a straight line.

    Args:
        x: Features in about [0, 1], [n, f].
        y: Observations in units of about 1, [n].
        noise: Known variance of each observation, in the same units squared, [n].
        slope: For every feature the prior standard deviation of a straight line, [f].
        lengths: For every feature a factor on the length scale's prior median, [f].
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        noise: np.ndarray,
        slope: np.ndarray,
        lengths: np.ndarray,
    ) -> None:
        self._mean = float(np.average(y, weights=1 / (noise + 0.05)))
        self._x, self._y, self._noise, self._slope = x, y - self._mean, noise, slope
        self._theta = self._prior_theta(lengths)
        self._spread = np.array([1.0] * x.shape[1] + [0.7, 1.0])
        self._theta = self._fit()
        self._factor, self._alpha = self._solve(np.arange(len(y)), self._theta)[:2]

    @staticmethod
    def _prior_theta(lengths: np.ndarray) -> np.ndarray:
        """Prior means of the logarithms: length scales, signal variance, noise variance."""
        median = math.log(1.2) + 0.5 * math.log(len(lengths) / 4)
        return np.concatenate([median + np.log(lengths), [0.0, -3.0]])

    def _kernel(
        self, a: np.ndarray, b: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Covariance without noise [n, m], and Matérn's part of its derivative."""
        scaled_a, scaled_b = a / np.exp(theta[:-2]), b / np.exp(theta[:-2])
        squares = (scaled_a**2).sum(1)[:, None] + (scaled_b**2).sum(1) - 2 * scaled_a @ scaled_b.T
        r = np.sqrt(np.maximum(squares, 0.0)) * _SQRT5
        decay = np.exp(theta[-2] - r)
        line = (a * self._slope**2) @ b.T
        return decay * (1 + r + r**2 / 3) + line, decay * (1 + r) * (5 / 3)

    def _solve(self, rows: np.ndarray, theta: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, Any]:
        from scipy.linalg import cho_factor, cho_solve

        x = self._x[rows]
        covariance, slope = self._kernel(x, x, theta)
        matern = covariance - (x * self._slope**2) @ x.T
        covariance = covariance + 0.25
        covariance[np.diag_indices(len(rows))] += self._noise[rows] + math.exp(theta[-1]) + 1e-6
        factor = cho_factor(covariance, lower=True)
        return factor, cho_solve(factor, self._y[rows]), matern, slope

    def _fit(self) -> np.ndarray:
        """The most probable hyperparameters (maximum a posteriori)."""
        from scipy.optimize import minimize

        rows = np.arange(len(self._y))[-_MOST_FITTED:]
        prior = self._theta
        bounds = [(m - 2.5 * s, m + 2.5 * s) for m, s in zip(prior, self._spread, strict=True)]
        options = {"maxiter": _STEPS}
        found = minimize(
            self._loss, prior, args=(rows, prior), jac=True, bounds=bounds, options=options
        )
        return np.asarray(found.x)

    def _loss(
        self, theta: np.ndarray, rows: np.ndarray, prior: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """Negative log posterior of the hyperparameters, and its gradient."""
        from scipy.linalg import cho_solve

        factor, alpha, matern, slope = self._solve(rows, theta)
        y, x = self._y[rows], self._x[rows] / np.exp(theta[:-2])
        weights = cho_solve(factor, np.eye(len(rows))) - np.outer(alpha, alpha)
        pull = weights * slope
        gradient = np.empty_like(theta)
        gradient[:-2] = pull.sum(1) @ x**2 - (x * (pull @ x)).sum(0)
        gradient[-2] = 0.5 * (weights * matern).sum()
        gradient[-1] = 0.5 * np.trace(weights) * math.exp(theta[-1])
        off = (theta - prior) / self._spread
        loss = 0.5 * y @ alpha + np.log(np.diag(factor[0])).sum() + 0.5 * off @ off
        return float(loss), gradient + off / self._spread

    def with_fantasies(self, x: np.ndarray, y: np.ndarray) -> GaussianProcess:
        """The same process after observations ``y`` [k] at [k, f], hyperparameters unchanged."""
        other = copy.copy(self)
        other._x = np.vstack([self._x, x])
        other._y = np.concatenate([self._y, y - self._mean])
        other._noise = np.concatenate([self._noise, np.zeros(len(y))])
        other._factor, other._alpha = other._solve(np.arange(len(other._y)), self._theta)[:2]
        return other

    @property
    def noise(self) -> float:
        """Standard deviation that one more finished observation would have."""
        return math.exp(0.5 * float(self._theta[-1]))

    def predict(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation, without noise, at [m, f]: two arrays [m]."""
        from scipy.linalg import solve_triangular

        cross = self._kernel(self._x, x, self._theta)[0] + 0.25
        mean = self._mean + cross.T @ self._alpha
        half = solve_triangular(self._factor[0], cross, lower=True, check_finite=False)
        own = math.exp(self._theta[-2]) + (x**2 * self._slope**2).sum(1) + 0.25
        return mean, np.sqrt(np.maximum(own - (half**2).sum(0), 1e-9))
