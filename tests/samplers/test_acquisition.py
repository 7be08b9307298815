"""What a proposal is worth: the size it would save, times the chance that it meets the target."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optuna.trial import FrozenTrial
from scipy.integrate import quad
from scipy.stats import norm

from tests.helpers.evidence import finished, prediction_of, running, size_of
from tuner.samplers.smallest_feasible.acquisition import score

INCUMBENT = 0.5
"""Width of the smallest that met the target."""


def trained() -> list[FrozenTrial]:
    """Wide models meet the target and narrow ones miss it."""
    widths = np.linspace(0.0, 1.0, 9)
    return [finished(w, r, 0.01 * (INCUMBENT - w)) for w in widths for r in (0.2, 0.8)]


# Parameters by name: the rate, the width.
CANDIDATES = np.array([[r, w] for w in (0.05, 0.25, 0.45, 0.55, 0.9) for r in (0.1, 0.5)])


def test_what_is_smaller_is_worth_the_size_it_saves_and_the_rest_nothing() -> None:
    prediction = prediction_of(trained())
    logs, _ = prediction.sizes(CANDIDATES)
    incumbent = math.log(size_of({"width": INCUMBENT, "rate": 0.2}))
    assert prediction.log_incumbent == pytest.approx(incumbent)
    scores = score(prediction, CANDIDATES)
    smaller = logs < incumbent
    assert smaller.sum() == 6 and (scores[~smaller] == -np.inf).all()
    chance = prediction.log_chance(CANDIDATES, logs)[smaller]
    assert scores[smaller] == pytest.approx(np.log(incumbent - logs[smaller]) + chance)


def test_what_is_still_trained_may_be_the_incumbent_first() -> None:
    prediction = prediction_of([*trained(), running(0.3, 0.5)])
    ((log_size, chance),) = prediction.running
    assert log_size == pytest.approx(math.log(size_of({"width": 0.3, "rate": 0.5})))
    assert 0.01 < chance < 0.99
    logs, _ = prediction.sizes(CANDIDATES)
    saved = chance * np.maximum(log_size - logs, 0)
    saved += (1 - chance) * np.maximum(prediction.log_incumbent - logs, 0)
    worth = saved > 0
    hope = prediction.log_chance(CANDIDATES, logs)
    found = score(prediction, CANDIDATES)
    assert found[worth] == pytest.approx(np.log(saved[worth]) + hope[worth])


def test_where_sizes_are_learned_the_saving_is_its_mean() -> None:
    prediction = prediction_of(trained(), sizes_known=False)
    units = np.array([[0.5, 0.2], [0.5, 0.4]])
    logs, spread = prediction.sizes(units)
    assert (spread > 0).all()
    limit = prediction.log_incumbent
    saved = [
        quad(lambda x, m=m, s=s: (limit - x) * norm.pdf(x, m, s), m - 12 * s, limit)[0]
        for m, s in zip(logs, spread, strict=True)
    ]
    expected = np.log(saved) + prediction.log_chance(units, logs)
    assert score(prediction, units) == pytest.approx(expected, rel=1e-5)
