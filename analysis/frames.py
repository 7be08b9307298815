"""Tidy pandas frames of a study.

Every function takes an `optuna.Study` that the tool made, or a
`tuner.records.studies.StudyRecord`. The columns and dtypes are those that `analysis.columns` lists,
also where there are no rows. Accuracies are fractions, sizes counts, times seconds. Columns of
another metric than accuracy have its name in place of ``accuracy``: ``val_mae``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd

from analysis.columns import (
    CERTIFICATES,
    EPOCHS,
    HYPERPARAMETER,
    MODEL_CERTIFICATES,
    TRIALS,
    named,
)
from tuner.records.certificates import Certificate
from tuner.records.epochs import stored_fields
from tuner.records.objectives import Metric
from tuner.records.studies import StudyRecord
from tuner.records.trials import AMOUNTS, TrialRecord


def trials(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row a trial, in the order of their numbers; columns ``TRIALS`` and ``hp.*``.

    A hyperparameter that was not active in a trial is missing there. Its column is of the narrowest
    of boolean, Int64, float64 and string that holds it.
    """
    record = record_of(study)
    recipes, models = record.certificates, record.model_certificates
    rows = []
    for trial in record.trials:
        row, number = _row(record, trial), trial.number
        if number in recipes:
            row["certified"] = recipes[number].certified
        if number in models:
            model = models[number]
            row |= {"model_certified": model.certified, "test_accuracy": model.measured}
        rows.append(row)
    frame = _frame(rows, TRIALS, record.metric)
    return pd.concat([frame, _hyperparameters(record.trials)], axis=1)


def epochs(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row an epoch that was trained, by trial and epoch; columns ``EPOCHS``."""
    record = record_of(study)
    target = record.objective
    rows = [
        {
            **_row(record, trial),
            **stored_fields(e),
            "shortfall": None if target is None else target.shortfall(e.val_measured),
        }
        for trial in record.trials
        for e in trial.history
    ]
    return _frame(rows, EPOCHS, record.metric)


def certificates(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row for each seed of each certificate, by trial; columns ``CERTIFICATES``."""
    record = record_of(study)
    rows = [row for c in record.certificates.values() for row in _seeds(record, c)]
    return _frame(rows, CERTIFICATES, record.metric)


def model_certificates(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row for each model that was to be proven, by look; columns ``MODEL_CERTIFICATES``."""
    record = record_of(study)
    found = sorted(record.model_certificates.values(), key=lambda c: c.look)
    rows = [
        {
            **{name: getattr(c, name, None) for name in MODEL_CERTIFICATES},
            "accuracy": c.measured,
            "val_accuracy": c.val_measured,
            "study": record.name,
            "created": pd.to_datetime(c.created, utc=True),
        }
        for c in found
    ]
    return _frame(rows, MODEL_CERTIFICATES, record.metric)


def frontier(
    study: optuna.Study | StudyRecord, by: str = "size", *, refuted: bool = True
) -> pd.DataFrame:
    """The trained trials than which no smaller one is as good, the smallest first.

    What is compared is the metric of the best epoch. A training that was stopped, at the target or
    before, might have got further: the frontier is what was seen, a bound of what is possible.

    Args:
        study: The study.
        by: What small means: a quantity, such as ``size``, ``macs`` or ``bytes``, or
            ``total_size``.
        refuted: Whether models count whose certificate found that they do not hold the target.

    Returns:
        Rows of `trials`, with `by` strictly rising, and ``val_accuracy``, or what that is called of
        another metric, strictly better.

    Raises:
        ValueError: `by` is none of those.
    """
    if by not in (known := (*AMOUNTS, "total_size")):
        raise ValueError(f"by must be one of {', '.join(known)} but got {by!r}.")
    record = record_of(study)
    frame = trials(record)
    measured = named(record.metric)["val_accuracy"]
    seen = frame[_trained(record) & frame[by].notna() & frame[measured].notna()]
    if not refuted:
        seen = seen[~seen["number"].isin(record.refuted)]
    more = record.metric.greater_is_better
    order = seen.sort_values([by, measured, "number"], ascending=[True, not more, True])
    gains = order[measured] if more else -order[measured]
    before = gains.cummax().shift(fill_value=-np.inf)
    return order[gains > before].reset_index(drop=True)


def smallest(
    study: optuna.Study | StudyRecord, target: float | None = None, by: str | None = None
) -> pd.DataFrame:
    """The smallest trained model whose best epoch reached the target plus the study's margin.

    Works for any target, but a search looks only where its own target is near: for another one the
    answer is the smallest that happened to be trained. A model that a certificate refuted counts
    for lower targets only.

    Args:
        study: The study.
        target: A value of the metric, of accuracy a fraction; None: the study's own.
        by: What small means; None: what the study minimises.

    Returns:
        One row of `trials`, or none where nothing reached it.

    Raises:
        ValueError: The study is a sweep, which has no target, and none was given.
    """
    record = record_of(study)
    target = record.target if target is None else target
    if target is None:
        raise ValueError(f"study {record.name!r} is a sweep and has no target: give one.")
    easier = record.target is None or record.metric.missing(target, record.target) > 0
    best = frontier(record, by or record.minimize, refuted=easier)
    asked, measured = record.with_target(target), named(record.metric)["val_accuracy"]
    return best[best[measured].map(asked.is_met).astype(bool)].head(1).reset_index(drop=True)


def record_of(study: optuna.Study | StudyRecord) -> StudyRecord:
    """The typed study, read from the storage where it is not read yet."""
    return study if isinstance(study, StudyRecord) else StudyRecord.of(study)


def _trained(record: StudyRecord) -> pd.Series[bool]:
    return pd.Series([t.trained for t in record.trials], dtype="bool")


def _row(record: StudyRecord, trial: TrialRecord) -> dict[str, Any]:
    fields = {name: getattr(trial, name, None) for name in TRIALS}
    return {
        **fields,
        **{name: trial.amount(name) for name in AMOUNTS},
        "val_accuracy": trial.val_measured,
        "test_accuracy": trial.test_measured,
        "study": record.name,
        "state": trial.state.name.lower(),
        "final_val_accuracy": trial.history[-1].val_measured if trial.history else None,
    }


def _seeds(record: StudyRecord, certificate: Certificate) -> list[dict[str, Any]]:
    """A row for each seed; a certificate without a file for every seed has them missing."""
    shared = {name: getattr(certificate, name, None) for name in CERTIFICATES}
    files = [*certificate.model_files, *[None] * len(certificate.seeds)]
    created = pd.to_datetime(certificate.created, utc=True)
    each = zip(certificate.seeds, certificate.measured, strict=True)
    return [
        {
            **shared,
            "study": record.name,
            "seed": seed,
            "test_accuracy": accuracy,
            "model_file": file,
            "created": created,
        }
        for (seed, accuracy), file in zip(each, files, strict=False)
    ]


def _frame(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], metric: Metric
) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
    return frame.rename(columns=named(metric))


def _hyperparameters(trials: Sequence[TrialRecord]) -> pd.DataFrame:
    names = list(dict.fromkeys(n for t in trials for n in t.values))
    raw = {HYPERPARAMETER + n: [t.values.get(n) for t in trials] for n in names}
    dtypes = {column: _narrowest(values) for column, values in raw.items()}
    for column, dtype in dtypes.items():
        if dtype == "string":
            raw[column] = [None if v is None else str(v) for v in raw[column]]
    return pd.DataFrame(raw, index=range(len(trials)), dtype="object").astype(dtypes)


def _narrowest(values: Sequence[Any]) -> str:
    kinds = {type(v) for v in values if v is not None}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "Int64"
    return "float64" if kinds and kinds <= {int, float} else "string"
