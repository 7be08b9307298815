"""Each metric: values worked out by hand, the worst and the best, what the examples add to it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tuner.basics import held
from tuner.errors import StudyError
from tuner.objectives.metrics import METRICS, OwnMetric, metric_of
from tuner.objectives.metrics.resampling import standard_error

CLASSES = [name for name, metric in METRICS.items() if metric.needs_classes]
AMOUNTS = [name for name, metric in METRICS.items() if not metric.needs_classes]
TRUTH = np.array([0, 0, 0, 1])


def scores_of(*chances: float) -> np.ndarray:
    """Of two classes, from those of the second."""
    second = np.array(chances)
    return np.column_stack([1 - second, second])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # One of the three zeros is taken for a one; the one is found.
        ("accuracy", 3 / 4),
        ("balanced_accuracy", (2 / 3 + 1) / 2),
        ("macro_f1", (4 / 5 + 2 / 3) / 2),
        # The one has 0.6: above two of three zeros, below the third.
        ("auc", 2 / 3),
        ("average_precision", 1 / 2),
    ],
)
def test_of_two_classes(name: str, value: float) -> None:
    assert METRICS[name].of(TRUTH, scores_of(0.1, 0.2, 0.9, 0.6)) == pytest.approx(value)


def test_of_three_classes_each_counts_alike() -> None:
    truth = np.array([0, 0, 0, 0, 1, 2])
    scores = np.eye(3)[[0, 0, 0, 1, 1, 1]]
    assert METRICS["balanced_accuracy"].of(truth, scores) == pytest.approx((3 / 4 + 1 + 0) / 3)
    assert METRICS["macro_f1"].of(truth, scores) == pytest.approx((6 / 7 + 1 / 2 + 0) / 3)
    # The first against the rest: 7 of 8 pairs in order or half in order, by hand.
    first = (3 * 2 + 1 * (0.5 + 0.5)) / 8
    second = (3 * 1 + 1 * 0.5 + 1 * 0.5) / 5
    third = (5 * 0.5) / 5
    assert METRICS["auc"].of(truth, scores) == pytest.approx((first + second + third) / 3)


def test_the_best_five() -> None:
    scores = np.tile(np.arange(7.0), (3, 1))
    assert METRICS["top5_accuracy"].of(np.array([6, 2, 1]), scores) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("name", "value"), [("mae", 1.5), ("rmse", math.sqrt(2.5)), ("r2", 1 - 2.5 / 1.25)]
)
def test_of_amounts(name: str, value: float) -> None:
    truth, given = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 3.0, 5.0])
    assert METRICS[name].of(truth, given) == pytest.approx(value)
    # A model's column is as good as a row of numbers.
    assert METRICS[name].of(truth, given[:, None]) == pytest.approx(value)


def test_several_outputs_count_alike() -> None:
    truth = np.array([[0.0, 0.0], [2.0, 20.0]])
    given = truth + np.array([[1.0, 3.0], [1.0, 3.0]])
    assert METRICS["mae"].of(truth, given) == pytest.approx(2)
    assert METRICS["rmse"].of(truth, given) == pytest.approx(2)
    assert METRICS["r2"].of(truth, given) == pytest.approx((1 - 1 + 1 - 9 / 100) / 2)


@pytest.mark.parametrize("name", CLASSES)
def test_the_best_of_classes_is_had_by_the_truth(name: str) -> None:
    truth = np.arange(40) % 8
    assert METRICS[name].of(truth, np.eye(8)[truth]) == METRICS[name].best == 1
    worst = np.full((40, 8), 0.1)
    worst[np.arange(40), truth] = 0.0
    worst[np.arange(40), (truth + 1) % 8] = 1.0
    assert METRICS[name].of(truth, worst) < METRICS[name].of(truth, np.eye(8)[truth])


@pytest.mark.parametrize("name", AMOUNTS)
def test_the_best_of_amounts_is_had_by_the_truth(name: str) -> None:
    truth = np.arange(9.0)
    metric = METRICS[name]
    assert metric.of(truth, truth) == metric.best
    assert metric.missing(metric.of(truth, truth + 1), metric.best) > 0
    assert metric.is_better(metric.of(truth, truth + 1), metric.of(truth, truth + 2))


@pytest.mark.parametrize("name", [n for n in METRICS if n != "accuracy"])
def test_what_is_not_finite_is_worth_the_worst(name: str) -> None:
    metric = METRICS[name]
    truth = np.arange(12) % 6 if metric.needs_classes else np.arange(12.0)
    scores = np.eye(6)[truth] if metric.needs_classes else truth.copy()
    scores[3] = np.nan
    assert metric.of(truth, scores) == metric.worst


@pytest.mark.parametrize("name", ["auc", "average_precision"])
def test_logits_are_ranked_as_the_probabilities_that_they_stand_for(name: str) -> None:
    rng = np.random.default_rng(0)
    truth, logits = rng.integers(0, 4, 200), 3 * rng.normal(size=(200, 4))
    logits[np.arange(200), truth] += 2
    powers = np.exp(logits)
    chances = powers / powers.sum(axis=1, keepdims=True)
    metric = METRICS[name]
    assert metric.of(truth, logits) == pytest.approx(metric.of(truth, chances))


@pytest.mark.parametrize("name", ["auc", "average_precision", "balanced_accuracy", "macro_f1"])
def test_a_class_that_no_example_has_is_left_out(name: str) -> None:
    truth = np.array([0, 1, 0, 1, 0])
    scores = np.column_stack([np.eye(2)[truth], np.zeros(5)])
    assert METRICS[name].of(truth, scores) == 1


@pytest.mark.parametrize("name", list(METRICS))
def test_influences_tell_what_one_example_more_adds(name: str) -> None:
    metric, rng, n = METRICS[name], np.random.default_rng(1), 500
    if metric.needs_classes:
        truth = rng.choice(7, n, p=np.arange(1, 8) / 28)
        scores = rng.normal(size=(n, 7)) + 1.5 * np.eye(7)[truth]
    else:
        truth = rng.normal(size=n)
        scores = truth + 0.4 * rng.laplace(size=n)
    each = metric.influence(truth, scores)
    assert each is not None and each.mean() == pytest.approx(0, abs=1e-9)
    value = metric.of(truth, scores)
    for row in (3, 17, 99):
        more = metric.of(np.append(truth, truth[row]), np.concatenate([scores, scores[[row]]]))
        assert (more - value) * (n + 1) == pytest.approx(each[row], rel=0.06, abs=0.02)
    drawn = standard_error(metric.of, truth, scores, 100)
    assert metric.standard_error(truth, scores) == pytest.approx(drawn, rel=0.25)


@pytest.mark.parametrize(
    ("name", "shown", "goal", "step", "cautious"),
    [
        ("accuracy", "85.3 %", "85.27 %", "2 points", 0.852),
        ("macro_f1", "0.853", "0.85271", "0.02", 0.852),
        ("mae", "0.8527", "0.85271", "0.02", 0.8528),
    ],
)
def test_each_is_written_in_its_own_way(
    name: str, shown: str, goal: str, step: str, cautious: float
) -> None:
    metric = METRICS[name]
    assert (metric.written(0.85271), metric.goal(0.85271)) == (shown, goal)
    assert metric.difference(0.02) == step
    assert metric.cautious(0.85271) == pytest.approx(cautious)


def test_an_error_has_as_many_digits_as_it_takes() -> None:
    mae = METRICS["mae"]
    assert [mae.written(v) for v in (12_345.6, 12.35, 0.001235)] == [
        "12,346",
        "12.35",
        "0.001235",
    ]
    assert mae.written(None) == mae.written(math.inf) == "?"


def test_metrics_are_had_by_name() -> None:
    assert metric_of("mae") is METRICS["mae"]
    own = metric_of("file.py:score", "minimize")
    assert own == OwnMetric("file.py:score", greater_is_better=False)
    assert (own.title, own.key, own.worst, own.best) == ("score", "score", math.inf, -math.inf)
    assert metric_of("file.py:loss", "minimize").key == "own_loss"
    for name, direction in (("maee", None), ("mae", "minimize"), ("file.py:score", None)):
        with pytest.raises(ValueError, match=r"mae|needs metric_direction"):
            metric_of(name, direction)  # type: ignore[arg-type]


def test_a_function_of_ones_own_is_called_with_truth_and_scores(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def within(y_true, scores):\n    return (abs(y_true - scores) < 1).mean()\n"
        "def broken(y_true, scores):\n    return y_true.nothing\n"
    )
    own = OwnMetric(f"{tmp_path / 'own.py'}:within", greater_is_better=True)
    assert own.of(np.array([0.0, 1.0]), np.array([0.5, 3.0])) == 0.5
    assert own.of(np.array([0.0, 1.0]), np.array([0.5, np.inf])) == -math.inf
    broken = OwnMetric(f"{tmp_path / 'own.py'}:broken", greater_is_better=True)
    with pytest.raises(StudyError, match="broken: AttributeError"):
        broken.of(np.array([0.0]), np.array([0.0]))


def test_a_function_that_this_process_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<notebook 0123456789ab>:within"
    own = metric_of(name, "maximize")
    assert (own.name, own.title, own.key) == (name, "within", "within")
    with pytest.raises(StudyError, match="'within' is of a notebook or a script, which alone has"):
        own.of(np.array([0.0]), np.array([0.0]))
    monkeypatch.setitem(held.HELD, name, lambda y_true, scores: (abs(y_true - scores) < 1).mean())
    assert metric_of(name, "maximize").of(np.array([0.0, 1.0]), np.array([0.5, 3.0])) == 0.5
    monkeypatch.setitem(held.HELD, name, lambda y_true, scores: "much")
    with pytest.raises(StudyError, match=r"^metric within must return a number but returned a str"):
        metric_of(name, "maximize").of(np.array([0.0]), np.array([0.0]))
    with pytest.raises(ValueError, match=r"^'within' needs metric_direction"):
        metric_of(name)
