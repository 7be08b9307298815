"""Tidy pandas frames of a study.

Every function takes an `optuna.Study` that the tool made, or a `tuner.record.StudyRecord`. The
columns and dtypes are those that ``TRIALS`` and ``EPOCHS`` list, also where there are no rows.
Accuracies are fractions, sizes counts, times seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd

from tuner.record import StudyRecord, TrialRecord

TRIALS: Mapping[str, str] = {
    "study": "string",
    "number": "int64",
    "state": "string",  # Optuna's: running, complete, pruned, fail, waiting
    "outcome": "string",  # see tuner.record.Outcome; missing while running and for lost trials
    "reference": "bool",
    "dataset": "string",
    "size": "Int64",  # trainable parameters
    "total_size": "Int64",  # all parameters
    "macs": "Int64",
    "bytes": "Int64",
    "value": "float64",  # what the study minimises; missing where the training was stopped
    "val_accuracy": "float64",  # of the best epoch
    "final_val_accuracy": "float64",  # of the last epoch
    "shortfall": "float64",  # at most 0: the target is met; projected where stopped
    "epochs": "int64",
    "seconds": "float64",
    "seed": "Int64",
    "started": "datetime64[us]",
    "ended": "datetime64[us]",
    "model_file": "string",
    "stop": "string",
    "error": "string",
    "lost": "string",
    "retry_of": "Int64",
}
"""Columns of `trials`, before one ``hp.NAME`` for each hyperparameter, by its keras-tuner name."""

EPOCHS: Mapping[str, str] = {
    "study": "string",
    "number": "int64",
    "epoch": "int64",
    "loss": "float64",
    "accuracy": "float64",
    "val_loss": "float64",
    "val_accuracy": "float64",
    "shortfall": "float64",  # target + margin - val_accuracy; missing in a sweep
    "seconds": "float64",
    "size": "Int64",
    "outcome": "string",
    "reference": "bool",
    "dataset": "string",
    "seed": "Int64",
}
"""Columns of `epochs`."""

HYPERPARAMETER = "hp."
"""What the names of hyperparameter columns begin with."""


def trials(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row a trial, in the order of their numbers; columns ``TRIALS`` and ``hp.*``.

    A hyperparameter that was not active in a trial is missing there. Its column is of the narrowest
    of boolean, Int64, float64 and string that holds it.
    """
    record = _record(study)
    frame = _frame([_row(record, t) for t in record.trials], TRIALS)
    return pd.concat([frame, _hyperparameters(record.trials)], axis=1)


def epochs(study: optuna.Study | StudyRecord) -> pd.DataFrame:
    """One row an epoch that was trained, by trial and epoch; columns ``EPOCHS``."""
    record = _record(study)
    bar = None if record.target is None else record.target + record.margin
    rows = [
        {
            **_row(record, trial),
            **{k: getattr(e, k) for k in ("epoch", "loss", "accuracy", "val_loss", "seconds")},
            "val_accuracy": e.val_accuracy,
            "shortfall": None if bar is None else bar - e.val_accuracy,
        }
        for trial in record.trials
        for e in trial.history
    ]
    return _frame(rows, EPOCHS)


def frontier(study: optuna.Study | StudyRecord, by: str = "size") -> pd.DataFrame:
    """The trained trials than which no smaller one is as accurate, the smallest first.

    Accuracy is that of the best epoch. A training that was stopped, at the target or before, might
    have got further: the frontier is what was seen, a lower bound of what is possible.

    Args:
        study: The study.
        by: What small means: ``size``, ``total_size``, ``macs`` or ``bytes``.

    Returns:
        Rows of `trials`, with both `by` and ``val_accuracy`` strictly rising.

    Raises:
        ValueError: `by` is none of those.
    """
    if by not in (known := ("size", "total_size", "macs", "bytes")):
        raise ValueError(f"by must be one of {', '.join(known)} but got {by!r}.")
    record = _record(study)
    frame = trials(record)
    seen = frame[_trained(record) & frame[by].notna() & frame["val_accuracy"].notna()]
    order = seen.sort_values([by, "val_accuracy", "number"], ascending=[True, False, True])
    before = order["val_accuracy"].cummax().shift(fill_value=-np.inf)
    return order[order["val_accuracy"] > before].reset_index(drop=True)


def smallest(
    study: optuna.Study | StudyRecord, target: float | None = None, by: str | None = None
) -> pd.DataFrame:
    """The smallest trained model whose best epoch reached the target plus the study's margin.

    Works for any target, but a search looks only where its own target is near: for another one the
    answer is the smallest that happened to be trained.

    Args:
        study: The study.
        target: A fraction; None: the study's own.
        by: What small means; None: what the study minimises.

    Returns:
        One row of `trials`, or none where nothing reached it.

    Raises:
        ValueError: The study is a sweep, which has no target, and none was given.
    """
    record = _record(study)
    target = record.target if target is None else target
    if target is None:
        raise ValueError(f"study {record.name!r} is a sweep and has no target: give one.")
    best = frontier(record, by or record.minimize)
    return best[best["val_accuracy"] >= target + record.margin].head(1).reset_index(drop=True)


def _record(study: optuna.Study | StudyRecord) -> StudyRecord:
    return study if isinstance(study, StudyRecord) else StudyRecord.of(study)


def _trained(record: StudyRecord) -> pd.Series[bool]:
    return pd.Series([t.trained for t in record.trials], dtype="bool")


def _row(record: StudyRecord, trial: TrialRecord) -> dict[str, Any]:
    fields = {name: getattr(trial, name, None) for name in TRIALS}
    return {
        **fields,
        "study": record.name,
        "state": trial.state.name.lower(),
        "final_val_accuracy": trial.history[-1].val_accuracy if trial.history else None,
    }


def _frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))


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
