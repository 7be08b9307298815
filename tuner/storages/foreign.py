"""Trials of a Keras Tuner project, read as evidence: ``warm_start="path/of/project"``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from tuner.errors import UsageError
from tuner.objectives.metrics import Metric

MOST = 30
"""Trials that are taken over, the best ones: of each a model is built to know its size."""
ALIASES = {"mae": "mean_absolute_error", "rmse": "root_mean_squared_error", "auc": "AUC"}
"""What Keras calls a metric that has another name here."""


def is_project(text: str) -> bool:
    """Whether a text is the path of a project of Keras Tuner's."""
    return (Path(text).expanduser() / "oracle.json").is_file()


def read(text: str, metric: Metric) -> list[dict[str, Any]]:
    """The trials of a project, the best first.

    Args:
        text: Its folder.
        metric: What the study that learns from it measures.

    Returns:
        For each its ``id``, hyperparameters' ``values`` and ``measured``, the metric on the
        validation examples.

    Raises:
        UsageError: No trial of it measured that.
    """
    names = {f"val_{metric.name}", f"val_{ALIASES.get(metric.name, metric.name)}"}
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for file in sorted(Path(text).expanduser().glob("trial_*/trial.json")):
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            metrics = state["metrics"]["metrics"]
            values = state["hyperparameters"]["values"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        seen |= set(metrics)
        numbers = [n for name in names & set(metrics) for n in _observed(metrics[name])]
        best = metric.best_of(numbers)
        if best is not None:
            own = {k: v for k, v in values.items() if not k.startswith("tuner/")}
            found.append({"id": file.parent.name, "values": own, "measured": best})
    if not found:
        told = f"it measured {', '.join(sorted(seen))}" if seen else "it has no ended trial"
        raise UsageError(
            f"--warm-start {text!r} is a project of Keras Tuner's of which no trial measured "
            f"val_{metric.name} ({told}); leave the warm start out."
        )
    found.sort(key=lambda trial: metric.rank(trial["measured"]))
    return found[:MOST]


def _observed(metric: Any) -> list[float]:
    """Finite numbers of a metric's history."""
    values = [v for o in metric.get("observations", ()) for v in o.get("value", ())]
    return [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)]
