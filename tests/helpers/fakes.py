"""Studies that look like the tool's own, made through the keys of `tuner.records.studies` alone."""

from __future__ import annotations

import datetime
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import TrialState, create_trial

from tuner.objectives.model_cost import ModelCost
from tuner.objectives.quantities import QUANTITIES
from tuner.records.keys import GATE, SCHEMA, SHORTFALL, StudyKey, TrialKey
from tuner.records.objectives import objective_of
from tuner.storages import heartbeats

SPEC: dict[str, Any] = {
    "name": "q10",
    "kind": "search",
    "question": "What is the smallest residual network that reaches 75 %?",
    "space": "search_spaces.resnet:ResNet",
    "data": "cifar10",
    "target": 0.75,
    "horizon": 25,
    "minimize": "size",
    "reference": {"width": 16},
    "reference_name": "the lab's small ResNet",
}
SWEEP_SPEC: dict[str, Any] = {
    "name": "q9",
    "kind": "sweep",
    "question": "How does the minibatch change the accuracy?",
    "space": "search_spaces.cnn:Cnn",
    "data": "cifar10",
    "grid": {"batch_size": [8, 32]},
    "seeds": 3,
    "horizon": 25,
}
BEGIN = datetime.datetime(2025, 1, 1, 12, 0, 0)
STATES = {
    "reached": TrialState.COMPLETE,
    "missed": TrialState.COMPLETE,
    "failed": TrialState.FAIL,
    "out_of_memory": TrialState.FAIL,
}


def dataset(name: str = "cifar10") -> dict[str, Any]:
    """What a study stores of a data set."""
    return {
        "name": name,
        "source": name,
        "hash": "0123456789abcdef",
        "classes": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"],
        "image_shape": [32, 32, 3],
        "train_size": 45_000,
        "validation_size": 5_000,
        "test_size": 10_000,
    }


def make_study(
    name: str = "q10",
    *,
    storage: str | optuna.storages.BaseStorage | None = None,
    spec: Mapping[str, Any] = SPEC,
    data: str = "cifar10",
    margin: float = 0.005,
) -> optuna.Study:
    """An empty study of the tool's own."""
    study = optuna.create_study(study_name=name, storage=storage, direction="minimize")
    asked = spec["data"] if isinstance(spec["data"], str) else spec["data"][0]
    for key, value in {
        StudyKey.SCHEMA: SCHEMA,
        StudyKey.STUDY: dict(spec),
        StudyKey.DATA: {asked: dataset(data)},
        StudyKey.MARGIN: margin,
        StudyKey.SEED: 0,
        StudyKey.VERSIONS: {"tuner": "0.1.0"},
    }.items():
        study.set_user_attr(key, value)
    return study


def curve(best: float, epochs: int, horizon: int = 25, floor: float = 0.1) -> list[dict[str, Any]]:
    """A learning curve that rises from `floor` towards `best` at the horizon, `epochs` of it."""
    rows = []
    for epoch in range(1, epochs + 1):
        accuracy = floor + (best - floor) * (epoch / horizon) ** 0.3
        rows.append(
            {
                "epoch": epoch,
                "loss": round(2.3 - 1.6 * accuracy, 4),
                "accuracy": round(accuracy - 0.01, 4),
                "val_loss": round(2.3 - 1.5 * accuracy, 4),
                "val_accuracy": round(accuracy, 4),
                "seconds": 2.5,
            }
        )
    return rows


def attributes(size: int, history: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """User attributes of a trial that was built."""
    cost = ModelCost(size=size, total_size=size + 64, macs=size * 200)
    return {
        TrialKey.VALUES: {"width": size // 100, "rate": 0.00123, "block": "plain"},
        **{q.name: q.of_cost(cost) for q in QUANTITIES.values()},
        TrialKey.TOTAL_SIZE: cost.total_size,
        TrialKey.SEED: 7,
        TrialKey.DATA: "cifar10",
        TrialKey.HISTORY: list(history),
        **more,
    }


def add_trial(
    study: optuna.Study,
    outcome: str | None,
    size: int = 4_000,
    best: float = 0.7,
    epochs: int = 25,
    **more: Any,
) -> None:
    """Adds an ended trial; without an outcome, one whose worker died."""
    spec = study.user_attrs[StudyKey.STUDY]
    number = len(study.get_trials(deepcopy=False))
    epochs = 0 if outcome == "gated" else epochs
    history = more.pop(TrialKey.HISTORY, None) or curve(best, epochs, spec["horizon"])
    if outcome == "reached":
        history[-1]["val_accuracy"] = best
    attrs = attributes(size, history, **more)
    attrs[TrialKey.SECONDS] = 2.5 * epochs + 1.0
    objective = objective_of(study.user_attrs) if "target" in spec else None
    constraints = {}
    if outcome is None:
        attrs[TrialKey.LOST] = "its worker died"
    else:
        attrs[TrialKey.OUTCOME] = outcome
        if outcome == "gated":
            constraints[GATE] = 0.1
        elif objective is not None and history:
            seen = objective.metric.best_of(h["val_accuracy"] for h in history)
            assert seen is not None
            constraints[SHORTFALL] = objective.reported(seen)
    if outcome == "reached":
        attrs[TrialKey.MODEL_FILE] = f"trial-{number:04d}.keras"
    state = TrialState.FAIL if outcome is None else STATES.get(outcome, TrialState.PRUNED)
    trial = create_trial(
        state=state,
        value=float(size) if state == TrialState.COMPLETE else None,
        params={"width": size // 100},
        distributions={"width": optuna.distributions.IntDistribution(1, 10_000)},
        user_attrs=attrs,
        intermediate_values=(
            {}
            if objective is None
            else {h["epoch"]: objective.reported(h["val_accuracy"]) for h in history}
        ),
        constraints=constraints,
    )
    trial.datetime_start = BEGIN + datetime.timedelta(minutes=number)
    trial.datetime_complete = BEGIN + datetime.timedelta(minutes=number, seconds=50)
    study.add_trial(trial)


def add_running(
    study: optuna.Study, size: int = 3_000, best: float = 0.7, epochs: int = 5, dead: bool = False
) -> optuna.Trial:
    """Adds a trial that this process trains, or that nobody does any more."""
    trial = study.ask()
    horizon = study.user_attrs[StudyKey.STUDY]["horizon"]
    for key, value in attributes(size, curve(best, epochs, horizon)).items():
        trial.set_user_attr(key, value)
    worker = heartbeats.me()
    trial.set_user_attr(TrialKey.WORKER, {**worker, "pid": 2**30} if dead else worker)
    trial.set_user_attr(TrialKey.HEARTBEAT, time.time())
    return trial


def make_search(storage: Any = None, name: str = "q10", data: str = "cifar10") -> optuna.Study:
    """A search of some trials with every outcome, a reference and an incumbent of 4,218."""
    study = make_study(name, storage=storage, data=data)
    add_trial(study, "reached", 78_186, 0.81, 16, **{TrialKey.REFERENCE: True})
    add_trial(study, "missed", 2_010, 0.612)
    add_trial(study, "reached", 9_500, 0.761, 17)
    add_trial(study, "gated", 30_000)
    add_trial(study, "pruned", 1_200, 0.5, 6, **{TrialKey.STOP: "it was not going to meet it"})
    add_trial(study, "diverged", 5_000, 0.11, 2)
    add_trial(study, "out_of_memory", 9_000, 0.0, 0, **{TrialKey.ERROR: "OOM when allocating"})
    add_trial(study, None, 6_000, 0.4, 3)
    add_trial(study, "reached", 4_218, 0.758, 18)
    return study


def make_sweep(storage: Any = None, name: str = "q9") -> optuna.Study:
    """A sweep of two cells and three seeds, the last training still missing."""
    study = make_study(name, storage=storage, spec=SWEEP_SPEC, margin=0.0)
    grid = itertools.product(SWEEP_SPEC["grid"]["batch_size"], range(3))
    for batch, seed in list(grid)[:-1]:
        best = 0.6 + 0.01 * seed + (0.05 if batch == 32 else 0.0)
        more = {TrialKey.CELL: {"batch_size": batch}, TrialKey.SEED: seed}
        add_trial(study, "missed", 40_000, best, **more)
    return study


def _verdict(study: optuna.Study, trial: int, *, certified: bool) -> dict[str, Any]:
    """What certificates of models and of recipes store alike."""
    classes = len(next(iter(study.user_attrs[StudyKey.DATA].values()))["classes"])
    return {
        "trial": trial,
        "verdict": "certified" if certified else "refuted",
        "target": study.user_attrs[StudyKey.STUDY]["target"],
        "size": study.get_trials(deepcopy=False)[trial].user_attrs[TrialKey.SIZE],
        "test_size": 10_000,
        "data_hash": "0123456789abcdef",
        "versions": {"tuner": "0.1.0", "keras": "3.15.1"},
        "hardware": {"processor": "a processor", "cores": 2, "memory": 25e9, "gpus": 1},
        "confusion": [[750 if i == j else 27 for j in range(classes)] for i in range(classes)],
        "created": "2025-01-01T13:00:00+00:00",
    }


def add_certificate(
    study: optuna.Study, trial: int, accuracies: Sequence[float], *, certified: bool = True
) -> None:
    """Stores a certificate of a trial, as `tuner certify` would."""
    found = study.get_trials(deepcopy=False)[trial]
    mean = sum(accuracies) / len(accuracies)
    study.set_user_attr(
        f"{StudyKey.CERTIFICATE}{trial}",
        {
            **_verdict(study, trial, certified=certified),
            "level": 0.95,
            "planned": 5,
            "seeds": list(range(100, 100 + len(accuracies))),
            "accuracies": list(accuracies),
            "mean": mean,
            "bound": mean - 0.004 if len(accuracies) > 1 else None,
            "epochs": len(found.user_attrs[TrialKey.HISTORY]),
            "train_size": 50_000,
            "seconds": 321.0,
            "model_files": [f"certificate-{trial:04d}-{i}.keras" for i in range(len(accuracies))],
        },
    )


def add_model_certificate(
    study: optuna.Study, trial: int, accuracy: float = 0.768, *, certified: bool = True
) -> None:
    """Stores the certificate of a trial's model, as a search would."""
    found = study.get_trials(deepcopy=False)[trial]
    met = len(found.user_attrs[TrialKey.HISTORY])
    looks = sum(key.startswith(StudyKey.MODEL_CERTIFICATE) for key in study.user_attrs)
    study.set_user_attr(
        f"{StudyKey.MODEL_CERTIFICATE}{trial}",
        {
            **_verdict(study, trial, certified=certified),
            "level": 0.97,
            "look": looks + 1,
            "left": 0.84,
            "accuracy": accuracy,
            "bound": accuracy - 0.008,
            "val_accuracy": 0.772,
            "epochs": 25,
            "met_after": met,
            "trained": 25 - met,
            "shared": None,
            "train_size": 45_000,
            "model_file": found.user_attrs[TrialKey.MODEL_FILE],
            "sha256": "fedcba9876543210" * 4,
            "seconds": 21.0,
        },
    )
