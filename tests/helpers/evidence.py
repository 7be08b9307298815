"""Trials of a space of two parameters, and what the sampler concludes from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from tuner.samplers.smallest_feasible.candidates import Pool
from tuner.samplers.smallest_feasible.encoding import Encoding
from tuner.samplers.smallest_feasible.evidence import read
from tuner.samplers.smallest_feasible.prediction import Prediction

SPACE = {"width": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(0.0, 1.0)}


def size_of(params: dict[str, Any]) -> int:
    """From 1,000 to 10,000, linear in the width."""
    return int(1_000 * (1 + 9 * params["width"]))


def running(width: float, rate: float) -> FrozenTrial:
    """A trial that is still being trained, and has not reported yet."""
    params = {"width": width, "rate": rate}
    return optuna.trial.create_trial(state=TrialState.RUNNING, params=params, distributions=SPACE)


def finished(width: float, rate: float, shortfall: float) -> FrozenTrial:
    """A trial whose curve ended with this shortfall."""
    params = {"width": width, "rate": rate}
    return optuna.trial.create_trial(
        value=size_of(params),
        params=params,
        distributions=SPACE,
        constraints={"shortfall": shortfall},
        intermediate_values={e: shortfall + 0.2 * (1 / e - 0.1) for e in range(1, 11)},
    )


def prediction_of(trials: list[FrozenTrial], *, sizes_known: bool = True) -> Prediction:
    """What the sampler concludes from these trials."""
    encoding, size = Encoding(SPACE, {}), size_of if sizes_known else None
    evidence = read(trials, encoding, 10, size)
    return Prediction(Pool(encoding, evidence, size, {}, False, np.random.default_rng(0), None))
