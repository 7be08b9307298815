"""The suite for pruners, on ours and on all of Optuna's."""

from __future__ import annotations

from collections.abc import Callable

import optuna
import pytest
from optuna.pruners import BasePruner

from tuner.pruners.target import TargetPruner
from tuner.testing.pytest_pruners import STEPS, PrunerTestCase


class TestTargetPruner(PrunerTestCase):
    @pytest.fixture(params=["default", "audit half", "early"])
    def pruner(self, request: pytest.FixtureRequest) -> Callable[[], BasePruner]:
        options = {"default": {}, "audit half": {"audit": 0.5}, "early": {"n_warmup": 0}}
        return lambda: TargetPruner(STEPS, **options[request.param])

    @pytest.fixture
    def directions(self) -> tuple[str, ...]:
        return ("minimize",)


OPTUNAS: dict[str, Callable[[], BasePruner]] = {
    "nop": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=2),
    "percentile": lambda: optuna.pruners.PercentilePruner(25.0, n_startup_trials=2),
    "halving": optuna.pruners.SuccessiveHalvingPruner,
    "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=STEPS),
    "threshold": lambda: optuna.pruners.ThresholdPruner(upper=0.95),
    "patient": lambda: optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), patience=2),
    "wilcoxon": lambda: optuna.pruners.WilcoxonPruner(p_threshold=0.1),
}


# Wilcoxon's pruner is experimental, and tells which reports it leaves out; the median of reports
# that are all NaN is NaN, of which NumPy warns.
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.filterwarnings("ignore:.*WilcoxonPruner:UserWarning")
@pytest.mark.filterwarnings("ignore:.*All-NaN:RuntimeWarning")
class TestOptunasPruners(PrunerTestCase):
    @pytest.fixture(params=list(OPTUNAS))
    def pruner(self, request: pytest.FixtureRequest) -> Callable[[], BasePruner]:
        return OPTUNAS[request.param]
