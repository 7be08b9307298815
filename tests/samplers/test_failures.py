"""Configurations that cannot be trained: what the sampler learns of them, and what it does not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from tuner.records.keys import TrialKey
from tuner.samplers import SmallestFeasibleSampler
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read
from tuner.samplers.smallest_feasible.failures import log_chance

SPACE = {
    "activation": CategoricalDistribution(["relu", "silu", "broken"]),
    "rate": FloatDistribution(1e-3, 1e-1, log=True),
    "width": IntDistribution(1, 64),
}
SMALLEST = 20
"""Widths from here on meet the target; those just below fail."""


def size_of(params: dict[str, Any]) -> int:
    return 10 * int(params["width"])


def is_broken(params: dict[str, Any]) -> bool:
    return params["activation"] == "broken" or SMALLEST - 6 <= params["width"] < SMALLEST - 2


def search(seed: int, trials: int, told: dict[str, str]) -> optuna.Study:
    """A study whose failed trials are told with these attributes."""
    study = optuna.create_study()
    for number in range(trials):
        study.sampler = SmallestFeasibleSampler(size_of, 5, seed + number, search_space=SPACE)
        trial = study.ask(SPACE)
        if is_broken(trial.params):
            for key, value in told.items():
                trial.set_user_attr(key, value)
            study.tell(trial, state=TrialState.FAIL)
            continue
        off = abs(math.log10(trial.params["rate"]) + 2) * 0.02
        shortfall = 0.004 * (SMALLEST - trial.params["width"]) + off
        trial.report(shortfall, 5)
        trial.set_constraint("shortfall", shortfall)
        study.tell(trial, size_of(trial.params))
    return study


def failed(study: optuna.Study) -> int:
    return len(study.get_trials(states=(TrialState.FAIL,)))


@pytest.mark.parametrize("seed", [0, 100])
def test_what_fails_is_left_for_what_does_not(seed: int) -> None:
    knows = search(seed, 30, {})
    deaf = search(seed, 30, {TrialKey.LOST: "its worker died"})
    assert failed(knows) <= 10 and failed(knows) < failed(deaf)
    latest = [t for t in knows.trials[15:] if t.state == TrialState.FAIL]
    assert len(latest) <= 5


def test_a_trial_whose_worker_died_is_no_failure() -> None:
    study = search(0, 3, {})
    for told in ({}, {TrialKey.LOST: "its worker died"}):
        study.enqueue_trial({"activation": "relu", "rate": 0.01, "width": 3}, user_attrs=told)
        study.tell(study.ask(SPACE), state=TrialState.FAIL)
    study.add_trial(optuna.trial.create_trial(state=TrialState.FAIL))  # it died asking
    seen = read(study.trials, Encoding(SPACE, {}), 5, size_of)
    before = sum(is_broken(t.params) for t in study.trials[:3])
    assert len(seen.failed) == before + 1 and len(seen.worked) == 3 - before


def test_the_chance_falls_where_failures_are_and_nowhere_else() -> None:
    rng = np.random.default_rng(0)
    units = np.array([[0.3, 0.5], [0.31, 0.5], [0.8, 0.5], [math.nan, 0.5]])
    failures = np.column_stack([np.full(4, 0.3), rng.random(4)])
    works = np.column_stack([np.full(4, 0.8), rng.random(4)])
    there, near, far, without = np.exp(log_chance(units, failures, works))
    assert there == pytest.approx(0.2 / 16, rel=0.1)
    assert there < near < far and far > 0.4 and without > 0.1
    again = np.exp(log_chance(units, failures, np.vstack([works, failures, failures])))
    assert again[0] > 0.6  # they have been trained there since


def test_nothing_failed_changes_nothing() -> None:
    units = np.random.default_rng(0).random((5, 3))
    assert (log_chance(units, np.empty((0, 3)), units) == 0).all()
    assert (log_chance(units[:0], units, units) == 0).all()
    assert np.isfinite(log_chance(units, units, np.empty((0, 3)))).all()
