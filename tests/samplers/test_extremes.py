"""Numbers that are none: an infinite value, constraint or report, and those whose squares are."""

from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from tests.helpers.dense_search import ask, make, shortfall_of, size_of
from tuner.pruners import TargetPruner
from tuner.samplers import SmallestFeasibleSampler

EXTREMES = [math.inf, -math.inf, 1e308, -1e308, 1e155, 1e-320]
HORIZON = 12


def told(study: optuna.Study, **odd: Any) -> optuna.trial.FrozenTrial:
    """A trial of which one thing may be odd: its value, its shortfall or its last report."""
    trial = study.ask()
    params = ask(trial)
    final = shortfall_of(params)
    for epoch in range(1, HORIZON):
        trial.report(final + 0.3 / epoch, epoch)
    trial.report(odd.get("report", final), HORIZON)
    trial.should_prune()
    trial.set_constraint("shortfall", odd.get("shortfall", final))
    if odd.get("stopped"):
        return study.tell(trial, state=TrialState.PRUNED)
    return study.tell(trial, odd.get("value", size_of(params)))


@pytest.mark.parametrize("extreme", EXTREMES)
@pytest.mark.parametrize("what", ["value", "shortfall", "report"])
@pytest.mark.parametrize("sized", [True, False], ids=["sizes known", "sizes learned"])
@pytest.mark.parametrize("stopped", [True, False])
def test_a_search_goes_on(extreme: float, what: str, sized: bool, stopped: bool) -> None:
    sampler = make(0) if sized else SmallestFeasibleSampler(horizon=HORIZON, seed=0)
    study = optuna.create_study(sampler=sampler, pruner=TargetPruner(HORIZON))
    for _ in range(5):
        told(study)
    told(study, **{what: extreme}, stopped=stopped)
    told(study, **{what: extreme}, stopped=stopped)
    proposed = [told(study).params for _ in range(5)]
    assert len({tuple(sorted(p.items())) for p in proposed}) > 1
    sampler.outlook(study, 5)


def test_an_endless_shortfall_without_any_report_is_far_from_the_target() -> None:
    study = optuna.create_study(sampler=make(0))
    for _ in range(4):
        told(study)
    trial = study.ask()
    ask(trial)
    trial.set_constraint("shortfall", math.inf)
    study.tell(trial, state=TrialState.PRUNED)
    assert size_of(told(study).params) > 0


@pytest.mark.parametrize("extreme", [math.inf, 1e308])
def test_what_an_earlier_study_tells_may_be_endless_too(extreme: float) -> None:
    earlier = optuna.create_study(sampler=make(1))
    for _ in range(4):
        told(earlier)
    told(earlier, report=extreme, stopped=True)
    told(earlier, shortfall=extreme)
    study = optuna.create_study(sampler=make(0, prior=earlier.trials))
    for _ in range(4):
        told(study)
    assert len(study.trials) == 4
