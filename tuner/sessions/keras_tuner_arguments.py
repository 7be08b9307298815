"""What the arguments of Keras Tuner's tuners mean here; what means nothing is refused."""

from __future__ import annotations

from typing import Any

from tuner.errors import UsageError
from tuner.objectives.metrics import METRICS
from tuner.sessions import cells

UNKNOWN = {
    "allow_new_entries": "the function says which hyperparameters there are",
    "distribution_strategy": "each worker trains on its own GPU; see workers= and on=",
    "executions_per_trial": "what is found is proven instead, with fresh seeds: prove='both'",
    "factor": "the pruner 'target' decides how long each training lasts",
    "hyperband_iterations": "max_trials says how much is trained",
    "logger": "give search a watcher=",
    "max_consecutive_failed_trials": "configurations that fail are passed over",
    "max_model_size": "nothing that is larger than the smallest so far is trained",
    "max_retries_per_trial": "what was lost is trained again, what fails is passed over",
}
"""Arguments of Keras Tuner's tuners that have no meaning here, and what to do instead."""
KNOWN = (
    "workers",
    "prove",
    "minimize",
    "margin",
    "metric",
    "metric_direction",
    "sampler",
    "pruner",
    "artifacts",
    "in_process",
    "watcher",
)
"""Arguments of `tuner.search` that are passed on."""
DEFAULT_OBJECTIVE = "val_accuracy"
KERAS_NAMES = {
    "acc": "accuracy",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
    "r2_score": "r2",
}
"""What Keras calls metrics that are the same here."""
INSTEAD = {
    "loss": "a loss has no value that a task asks for: name what its predictions must have",
    "mean_squared_error": "val_rmse is its root, and so must the target be",
    "mse": "val_rmse is its root, and so must the target be",
    "f1_score": "val_macro_f1 is its mean over the classes",
    "top_k_categorical_accuracy": "val_top5_accuracy is that of k=5",
    "sparse_top_k_categorical_accuracy": "val_top5_accuracy is that of k=5",
}
"""What to name instead of others of Keras's."""


def require_known(more: Any) -> None:
    """Refuses what has no meaning here.

    Raises:
        UsageError: Some argument has none.
    """
    for name in more:
        if name in UNKNOWN:
            raise UsageError(f"SmallestModel takes no {name!r}: {UNKNOWN[name]}.")
        if name not in KNOWN:
            raise UsageError(f"SmallestModel takes no {name!r}; it takes {', '.join(KNOWN)}.")


def metric_of(objective: Any, more: dict[str, Any]) -> Any:
    """The metric that an objective of Keras Tuner's is about, or the one that is given instead.

    Args:
        objective: A name, or Keras Tuner's pair of name and direction.
        more: Other arguments; the metric is taken out.

    Raises:
        UsageError: There is no such metric.
    """
    if (given := more.pop("metric", None)) is not None:
        if objective != DEFAULT_OBJECTIVE:
            raise UsageError("SmallestModel takes objective or metric but got both.")
        return cells.metric_name(given, more.get("metric_direction"))
    name = getattr(objective, "name", objective)
    plain = name.removeprefix("val_") if isinstance(name, str) else ""
    plain = KERAS_NAMES.get(plain, plain)
    if plain not in METRICS or not name.startswith("val_"):
        known = ", ".join(f"val_{metric}" for metric in METRICS)
        instead = INSTEAD.get(plain, "metric= takes a function of (y_true, scores)")
        if plain in METRICS:
            instead = f"write val_{plain}, for it is measured on the validation examples"
        raise UsageError(f"objective must be one of {known} but got {name!r}; {instead}.")
    direction = "max" if METRICS[plain].greater_is_better else "min"
    if (wrong := getattr(objective, "direction", None)) not in (None, direction):
        raise UsageError(f"objective {name!r} has the direction {direction!r} but got {wrong!r}.")
    return plain


def data_of(
    x: Any, y: Any, weights: Any, validation: Any, split: float | None, test: Any
) -> dict[str, Any]:
    """Training, validation and test examples by their usual names."""
    if y is None:
        raise UsageError(
            "search needs x and y; of a Dataset give tuner.search a function of a file."
        )
    if validation is not None and split is not None:
        raise UsageError("search takes validation_data or validation_split but got both.")
    made = {"x_train": x, "y_train": y}
    if weights is not None:
        made["sample_weight_train"] = weights
    if split is not None:
        if not 0 < split < 1:
            raise UsageError(f"validation_split must lie between 0 and 1 but got {split:g}.")
        at = int(len(y) * (1 - split))
        made = {name: _rows(each, slice(at)) for name, each in made.items()}
        validation = (_rows(x, slice(at, None)), _rows(y, slice(at, None)))
    for part, given in (("val", validation), ("test", test)):
        if given is None:
            continue
        if not isinstance(given, tuple | list) or len(given) != 2:
            what = "validation_data" if part == "val" else "test_data"
            raise UsageError(f"{what} must be (x, y) but is a {type(given).__name__}.")
        made |= {f"x_{part}": given[0], f"y_{part}": given[1]}
    return made


def _rows(array: Any, rows: slice) -> Any:
    if isinstance(array, dict):
        return {name: _rows(each, rows) for name, each in array.items()}
    return array.iloc[rows] if hasattr(array, "iloc") else array[rows]
