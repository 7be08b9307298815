"""Columns and dtypes of the frames of `analysis.frames`, also where there are no rows.

What holds the study's metric is listed here with ``accuracy`` in its name. Of another metric it has
that one's: `named`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tuner.records.objectives import DEFAULT_METRIC, Metric
from tuner.records.trials import AMOUNTS

TRIALS: Mapping[str, str] = {
    "study": "string",
    "number": "int64",
    "state": "string",  # Optuna's: running, complete, pruned, fail, waiting
    "outcome": "string",  # see tuner.records.keys.Outcome; missing while running and if lost
    "reference": "bool",
    "dataset": "string",
    "size": "Int64",  # trainable parameters
    "total_size": "Int64",  # all parameters
    **dict.fromkeys(AMOUNTS, "Int64"),  # whatever may be minimised; size keeps its place
    "value": "float64",  # what the study minimises; missing where the training was stopped
    "val_accuracy": "float64",  # of the best epoch
    "final_val_accuracy": "float64",  # of the last epoch
    "test_accuracy": "float64",  # of a sweep's training, or of a model that a search has proven
    "model_certified": "boolean",  # the verdict on its model; missing where nobody has tried
    "certified": "boolean",  # the verdict on its recipe; missing where nobody has tried
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
    "val_loss": "float64",  # missing where nothing was validated
    "val_accuracy": "float64",  # likewise
    "shortfall": "float64",  # of the metric from target and margin; missing in a sweep
    "seconds": "float64",
    "size": "Int64",
    "outcome": "string",
    "reference": "bool",
    "dataset": "string",
    "seed": "Int64",
}
"""Columns of `epochs`."""

CERTIFICATES: Mapping[str, str] = {
    "study": "string",
    "trial": "int64",  # whose configuration was trained again
    "seed": "int64",
    "test_accuracy": "float64",  # of this seed
    "certified": "bool",  # the certificate's verdict
    "target": "float64",
    "mean": "float64",  # of the certificate's seeds
    "bound": "float64",  # one-sided, of the mean; missing with fewer than three seeds
    "level": "float64",  # the bound's confidence level
    "planned": "int64",  # seeds that a certificate takes; fewer where it clearly failed
    "epochs": "int64",
    "size": "Int64",  # trainable parameters
    "train_size": "Int64",  # images of each training, validation images included
    "test_size": "Int64",
    "seconds": "float64",  # of all the certificate's trainings together
    "created": "datetime64[us, UTC]",
    "data_hash": "string",
    "model_file": "string",  # of this seed
}
"""Columns of `certificates`."""

MODEL_CERTIFICATES: Mapping[str, str] = {
    "study": "string",
    "trial": "int64",  # whose model it is
    "look": "int64",  # at the test examples of the study, from 1
    "certified": "bool",
    "target": "float64",
    "accuracy": "float64",  # on the test examples
    "bound": "float64",  # one-sided, of it
    "level": "float64",  # the bound's confidence level
    "left": "float64",  # of the budget of all looks, a fraction
    "val_accuracy": "float64",  # of the file
    "epochs": "int64",  # that the file was trained for
    "met_after": "int64",  # epochs after which the trial had met the target
    "trained": "int64",  # epochs for the certificate alone
    "size": "Int64",  # trainable parameters
    "test_size": "Int64",
    "seconds": "float64",
    "created": "datetime64[us, UTC]",
    "data_hash": "string",
    "model_file": "string",
    "sha256": "string",  # of the file
}
"""Columns of `model_certificates`."""

MEASURED = ("accuracy", "val_accuracy", "final_val_accuracy", "test_accuracy")
"""Those of all the columns above that hold the study's metric."""


def named(metric: Metric) -> dict[str, str]:
    """What the columns that hold a metric are called, by their names above."""
    return {name: name.replace(DEFAULT_METRIC.key, metric.key) for name in MEASURED}


HYPERPARAMETER = "hp."
"""What the names of hyperparameter columns begin with."""
