"""False stops on recorded curves of every metric, also where less is better."""

from __future__ import annotations

import pytest

from tests.helpers.recorded import Recorded, recorded, replay
from tuner.objectives.metrics import DEFAULT_METRIC

CURVES = [curves for curves in recorded() if curves.metric is not DEFAULT_METRIC]
"""Those of accuracy are `tests/benchmarks/search`'s matter."""
MOST = 0.05


@pytest.mark.parametrize("curves", CURVES, ids=[f"{c.data}-{c.metric.name}" for c in CURVES])
def test_few_that_would_reach_the_target_are_stopped(curves: Recorded) -> None:
    found = replay(curves, orders=6)
    assert found.reaching >= 24
    assert found.stopped / found.reaching <= MOST
    assert found.epochs < found.whole  # something is stopped, too


def test_the_fixture_has_errors_and_scores() -> None:
    measured = {curves.metric.name for curves in CURVES}
    assert measured >= {"mae", "rmse", "r2", "balanced_accuracy", "macro_f1", "auc"}
    assert sum(curves.metric.name == "mae" for curves in CURVES) == 2
