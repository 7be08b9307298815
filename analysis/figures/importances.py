"""How much each hyperparameter mattered for what is measured in validation, in numbers."""

from __future__ import annotations

import warnings
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import BaseImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.trial import TrialState, create_trial

from analysis import frames
from tuner.records.studies import StudyRecord
from tuner.records.trials import TrialRecord

FEWEST = 10
"""Trained trials below which nothing is said about importance."""
WIDE = 20.0
"""A range whose ends are further apart than this factor is taken for logarithmic."""


def importances(
    study: optuna.Study | StudyRecord, evaluator: BaseImportanceEvaluator | None = None
) -> pd.Series[float]:
    """The importance of each hyperparameter for the metric of the best epoch in validation.

    Args:
        study: The study.
        evaluator: One of Optuna's; None: its PED-ANOVA, which also ranks hyperparameters that are
            active in some trials only and asks what it takes to be among the best tenth.

    Returns:
        Shares that add up to 1 by name, the largest first; empty below ``FEWEST`` trained trials.
    """
    trials = measured(frames.record_of(study))
    if len(trials) < FEWEST:
        return pd.Series(dtype="float64")
    ranges = {n: range_of([t.values[n] for t in trials if n in t.values]) for n in _names(trials)}
    varied = {name: at for name, at in ranges.items() if not at.single()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Conditional hyperparameters that few trials had; the page says what importance rests on.
        warnings.filterwarnings("ignore", "Some regimes for parameter", UserWarning)
        found = optuna.importance.get_param_importances(
            _as_errors(trials, varied),
            evaluator=evaluator or PedAnovaImportanceEvaluator(),
            params=list(varied),
        )
    return pd.Series(found, dtype="float64").sort_values(ascending=False)


def _as_errors(trials: list[TrialRecord], ranges: dict[str, BaseDistribution]) -> optuna.Study:
    """A study in memory whose value is what the metric lacks, as evaluators want it: to minimise.

    The tool's own value is the size, and evaluators leave out trials that were stopped.
    """
    told = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # nobody asked for this study's making
    try:
        made = optuna.create_study(direction="minimize")
    finally:
        optuna.logging.set_verbosity(told)
    for trial in trials:
        params = {n: plain(v) for n, v in trial.values.items() if n in ranges}
        made.add_trial(
            create_trial(
                state=TrialState.COMPLETE,
                value=trial.metric.missing(trial.val_measured or 0.0, trial.metric.origin),
                params=params,
                distributions={n: ranges[n] for n in params},
            )
        )
    return made


def measured(record: StudyRecord) -> list[TrialRecord]:
    """The trials that importance rests on: trained, measured, and not the reference."""
    return [t for t in record.trained if t.val_measured is not None and not t.reference]


def _names(trials: list[TrialRecord]) -> list[str]:
    return list(dict.fromkeys(n for t in trials for n, v in t.values.items() if v is not None))


def plain(value: Any) -> Any:
    """A hyperparameter's value as a distribution of Optuna's may hold it."""
    return value if isinstance(value, int | float | str) else str(value)


def range_of(values: list[Any]) -> BaseDistribution:
    """The range that values were seen in: the space itself is not stored with them."""
    seen = [plain(v) for v in values if v is not None]
    kinds = {type(v) for v in seen}
    if not kinds <= {int, float}:
        return CategoricalDistribution(sorted(set(seen), key=str))
    low, high = min(seen), max(seen)
    log = low > 0 and high / low >= WIDE
    if kinds == {int}:
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)
