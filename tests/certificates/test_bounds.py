"""Bounds of every metric: on the worse side, nearer with more examples, and seldom wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from tuner.certificates.bounds import bound_of, reach_of
from tuner.objectives.metrics import METRICS, OwnMetric


def examples(name: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if METRICS[name].needs_classes:
        truth = rng.choice(6, n, p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05])
        return truth, rng.normal(size=(n, 6)) + 2 * np.eye(6)[truth]
    truth = rng.normal(size=n)
    return truth, truth + 0.3 * rng.laplace(size=n)


@pytest.mark.parametrize("name", list(METRICS))
def test_a_bound_is_on_the_worse_side_and_nearer_with_more_examples(name: str) -> None:
    metric = METRICS[name]
    away = []
    for n in (200, 2_000):
        truth, scores = examples(name, n)
        value = metric.of(truth, scores)
        near, far = (bound_of(metric, truth, scores, level) for level in (0.95, 0.999))
        assert metric.missing(near, value) > 0 and metric.missing(far, near) > 0
        away.append(metric.missing(near, value))
    assert away[1] < away[0] / 2


@pytest.mark.parametrize("name", ["macro_f1", "balanced_accuracy", "auc", "average_precision"])
def test_examples_without_a_mistake_prove_less_than_all(name: str) -> None:
    truth = np.arange(100) % 2
    bound = bound_of(METRICS[name], truth, np.eye(2)[truth], 0.95)
    assert 0.8 < bound < 0.995


def test_what_is_not_finite_proves_nothing() -> None:
    truth = np.arange(20.0)
    assert bound_of(METRICS["mae"], truth, np.full(20, np.nan), 0.95) == METRICS["mae"].worst


def test_rare_mistakes_put_the_bound_of_a_mean_further_away() -> None:
    rng = np.random.default_rng(0)
    even = rng.normal(size=300)
    skewed = -rng.exponential(size=300)
    skewed = (skewed - skewed.mean()) / skewed.std()
    even = (even - even.mean()) / even.std()
    assert reach_of(skewed, 0.97) > 1.05 * reach_of(even, 0.97)
    assert reach_of(-skewed, 0.97) == pytest.approx(reach_of(even, 0.97), rel=0.02)


def wrong_share(metric: str, truth: float, draw: object, runs: int, level: float) -> float:
    rng = np.random.default_rng(0)
    found = METRICS[metric]
    wrong = 0
    for _ in range(runs):
        bound = bound_of(found, *draw(rng), level)  # type: ignore[operator]
        wrong += found.missing(bound, truth) <= 0
    return wrong / runs


def test_the_level_of_an_error_holds_for_laplace_errors() -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(150), rng.laplace(size=150)

    assert wrong_share("mae", 1.0, draw, 1_500, 0.95) <= 0.06  # 0.05 and two standard errors


@pytest.mark.parametrize(("share", "n"), [(0.05, 60), (0.05, 200), (0.02, 200)])
def test_the_level_of_an_error_holds_where_few_are_ten_times_as_large(share: float, n: int) -> None:
    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(n), rng.normal(size=n) * np.where(rng.random(n) < share, 10, 1)

    true = (1 + 9 * share) * np.sqrt(2 / np.pi)
    assert wrong_share("mae", true, draw, 1_500, 0.97) <= 0.03


@pytest.mark.parametrize("shape", [(200,), (200, 1), (200, 3)])
def test_an_error_of_several_outputs_has_a_bound(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    truth, noise = (
        rng.normal(size=shape),
        rng.laplace(size=(200, shape[-1] if len(shape) > 1 else 1)),
    )
    found = METRICS["mae"]
    scores = truth.reshape(noise.shape) + noise
    assert found.of(truth, scores) < bound_of(found, truth, scores, 0.95) < 2.0


def test_the_level_of_an_auc_holds_where_one_class_is_rare() -> None:
    apart = float(ndtri(0.95)) * np.sqrt(2)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = np.repeat([0, 1], [285, 15])
        logit = rng.normal(size=300) + apart * truth
        second = 1 / (1 + np.exp(-logit))
        return truth, np.column_stack([1 - second, second])

    assert wrong_share("auc", 0.95, draw, 800, 0.95) <= 0.065


def test_the_level_of_an_f1_holds_where_one_class_is_rare() -> None:
    shares, right = np.array([0.95, 0.05]), np.array([0.99, 0.8])
    joint = np.array([[0.95 * 0.99, 0.95 * 0.01], [0.05 * 0.2, 0.05 * 0.8]])
    true = float(np.mean(2 * np.diag(joint) / (joint.sum(0) + joint.sum(1))))

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.choice(2, 400, p=shares)
        given = np.where(rng.random(400) < right[truth], truth, 1 - truth)
        return truth, np.eye(2)[given]

    assert wrong_share("macro_f1", true, draw, 800, 0.95) <= 0.065


def test_a_metric_of_ones_own_is_bounded_by_a_bootstrap(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def error(y_true, scores):\n    return abs(y_true - scores).mean()\n"
    )
    own = OwnMetric(f"{tmp_path / 'own.py'}:error", greater_is_better=False)
    truth, scores = examples("mae", 400)
    bound = bound_of(own, truth, scores, 0.97)
    assert bound == pytest.approx(bound_of(METRICS["mae"], truth, scores, 0.97), rel=0.03)
    assert bound == bound_of(own, truth, scores, 0.97)  # drawn by a fixed seed
