"""A search of which less is better: a mean absolute error around 2,000."""

from __future__ import annotations

from typing import Any

import optuna

from tests.helpers import fakes
from tuner.objectives.yardstick import Yardstick
from tuner.records.keys import StudyKey, TrialKey

SPEC: dict[str, Any] = {
    "name": "prices",
    "kind": "search",
    "question": "What is the smallest network that is off by {target} on {data}?",
    "space": "space.py:Prices",
    "data": "prices.npz",
    "metric": "mae",
    "target": 2_000.0,
    "horizon": 25,
    "minimize": "size",
    "reference": {"width": 16},
    "reference_name": "the network in use",
}
DATA: dict[str, Any] = {
    "name": "prices",
    "source": "prices.npz",
    "hash": "0123456789abcdef",
    "classes": [],
    "example_shape": [12],
    "dtype": "float32",
    "task": "regression",
    "outputs": 1,
    "train_size": 4_500,
    "validation_size": 500,
    "test_size": 1_000,
}
YARDSTICK = Yardstick(unit=8_000.0, error=90.0, constant=8_000.0)
MARGIN = 90.0


def curve(best: float, epochs: int, horizon: int = 25) -> list[dict[str, Any]]:
    """A curve that falls from the constant's error towards `best` at the horizon."""
    rows = []
    for epoch in range(1, epochs + 1):
        error = YARDSTICK.constant - (YARDSTICK.constant - best) * (epoch / horizon) ** 0.3
        rows.append(
            {
                "epoch": epoch,
                "loss": error**2,
                "accuracy": error * 0.98,
                "val_loss": error**2,
                "val_accuracy": error,
                "seconds": 2.5,
            }
        )
    rows[-1]["val_accuracy"] = best if epochs >= horizon else rows[-1]["val_accuracy"]
    return rows


def add(
    study: optuna.Study, outcome: str, size: int, best: float, epochs: int, **more: Any
) -> None:
    """Adds a trial that came to this error."""
    history = curve(best, epochs)
    if outcome == "reached":
        history[-1]["val_accuracy"] = best
    fakes.add_trial(study, outcome, size, best, epochs, **{TrialKey.HISTORY: history}, **more)


def make_search() -> optuna.Study:
    """A search with an incumbent of 4,218 that is off by 1,890, and a reference."""
    study = fakes.make_study("prices", spec=SPEC, margin=MARGIN)
    study.set_user_attr(StudyKey.DATA, {"prices.npz": DATA})
    study.set_user_attr(StudyKey.YARDSTICK, YARDSTICK.stored())
    add(study, "reached", 78_186, 1_500.0, 16, **{TrialKey.REFERENCE: True})
    add(study, "missed", 2_010, 2_400.0, 25)
    add(study, "reached", 9_500, 1_880.0, 17)
    add(study, "pruned", 1_200, 3_000.0, 6)
    add(study, "reached", 4_218, 1_890.0, 18)
    return study


def add_proofs(study: optuna.Study, *, certified: bool = True) -> None:
    """Certificates of the incumbent's model and recipe."""
    own = {"confusion": None, "metric": "mae", "alone": 8_100.0, "examples": "examples"}
    own |= {"test_size": 1_000}
    fakes.add_model_certificate(study, 4, 1_800.0, certified=certified)
    fakes.add_certificate(study, 4, [1_790.0, 1_805.0, 1_812.0], certified=certified)
    model, recipe = (f"{k}4" for k in (StudyKey.MODEL_CERTIFICATE, StudyKey.CERTIFICATE))
    seen = study.user_attrs
    bounds = {"bound": 1_951.0, "val_accuracy": 1_790.0}
    study.set_user_attr(model, {**seen[model], **own, **bounds})
    study.set_user_attr(recipe, {**seen[recipe], **own, "bound": 1_944.4})
