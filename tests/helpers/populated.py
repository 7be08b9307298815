"""Studies as full as a real one, for figures and pages that should look like one."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna

from tests.helpers import fakes
from tuner.records.keys import StudyKey, TrialKey

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
HOSTILE = [
    "<script>alert('pwned')</script>",
    "$x_1$",
    'quoted "class" & more',
    "snake_case_name",
    "a very, very long name of a class that nobody would ever want to read in a figure",
    "}{\\frac{1}{2}",
    "--><b>bold</b>",
    "猫",
    "tab\there\x00",
    "$",
]


def classes(study: optuna.Study, names: list[str]) -> None:
    """Gives a study's data set these class names."""
    data = study.user_attrs[StudyKey.DATA]
    named = {key: {**fields, "classes": list(names)} for key, fields in data.items()}
    study.set_user_attr(StudyKey.DATA, named)


def confusion(
    n: int, accuracy: float, rng: np.random.Generator, each: int = 500
) -> list[list[int]]:
    """A confusion matrix of `n` classes in which some pairs are taken for each other."""
    likeness = rng.gamma(0.4, 1.0, (n, n))
    np.fill_diagonal(likeness, 0)
    likeness /= likeness.sum(axis=1, keepdims=True)
    accuracy = min(accuracy, 0.97)
    shares = (1 - accuracy) * likeness + accuracy * np.eye(n)
    return [[int(c) for c in rng.multinomial(each, row / row.sum())] for row in shares]


def values(rng: np.random.Generator) -> dict[str, Any]:
    """Hyperparameters with conditional ones, of every kind."""
    depth = int(rng.integers(1, 4))
    optimizer = str(rng.choice(["adam", "sgd"]))
    return {
        "stages": depth,
        "block": str(rng.choice(["plain", "separable", "bottleneck"])),
        **{f"width_{i}": int(2 ** rng.uniform(1, 6)) for i in range(depth)},
        "optimizer": optimizer,
        f"{optimizer}_rate": float(10 ** rng.uniform(-4, -1)),
        "batch_size": int(rng.choice([32, 64, 128, 256])),
        "flip": bool(rng.random() < 0.5),
        "weight_decay": float(10 ** rng.uniform(-6, -2)),
        "schedule": "one_cycle",
    }


def fill(
    study: optuna.Study, trials: int, *, seed: int = 0, ceiling: float = 0.86, unit: float = 9.0
) -> None:
    """Adds a reference and trials of every outcome that get smaller, as a search does."""
    rng = np.random.default_rng(seed)
    spec = study.user_attrs[StudyKey.STUDY]
    bar, horizon = spec["target"] + 0.005, spec["horizon"]
    best_size = 78_186
    n = len(next(iter(study.user_attrs[StudyKey.DATA].values()))["classes"])
    more = {TrialKey.REFERENCE: True, TrialKey.CONFUSION: confusion(n, bar + 0.02, rng)}
    fakes.add_trial(study, "reached", best_size, min(bar + 0.02, ceiling), 16, **more)
    for _ in range(trials - 1):
        chosen = values(rng)
        size = max(200, int(best_size * float(np.exp(rng.normal(-0.5, 0.9)))))
        skill = ceiling - 0.9 * np.exp(-np.log(max(size, 100) / unit) / 3.2)
        skill += rng.normal(0, 0.03) - 0.04 * abs(np.log10(chosen.get("adam_rate", 0.01)) + 2.5)
        skill = float(np.clip(skill, 0.1, 0.95))
        more = {TrialKey.VALUES: chosen, TrialKey.CONFUSION: confusion(n, skill, rng)}
        if size >= best_size:
            fakes.add_trial(study, "gated", size, **{TrialKey.VALUES: chosen})
        elif skill >= bar:
            epochs = int(rng.integers(10, horizon))
            fakes.add_trial(study, "reached", size, bar + abs(rng.normal(0, 0.004)), epochs, **more)
            best_size = size
        elif rng.random() < 0.05:
            fakes.add_trial(study, "diverged", size, 0.11, 2, **{TrialKey.VALUES: chosen})
        elif bar - skill > 0.05 and rng.random() < 0.8:
            fakes.add_trial(study, "pruned", size, skill, int(rng.integers(8, 16)), **more)
        else:
            fakes.add_trial(study, "missed", size, min(skill, bar - 0.001), **more)


def complete_lab(storage: Any = None, searched: int = 12) -> dict[str, optuna.Study]:
    """The lab as `tuner lab` leaves it: each study that a question needs or compares with."""
    made: dict[str, optuna.Study] = {}
    for name, target, ceiling, unit in (
        ("q2", 0.45, 0.62, 30.0),
        ("q3", 0.94, 0.99, 2.0),
        *((f"q4{seed}", 0.62, 0.74, 15.0) for seed in ("", "-seed-1", "-seed-2")),
        *((f"q6{seed}", 0.62, 0.74, 60.0) for seed in ("", "-seed-1", "-seed-2")),
        *((f"q8{seed}", 0.62, 0.78, 6.0) for seed in ("", "-seed-1", "-seed-2")),
        ("q10", 0.75, 0.88, 9.0),
    ):
        data = "mnist" if name == "q3" else "cifar10"
        spec = {**fakes.SPEC, "name": name, "target": target, "data": data}
        study = made[name] = fakes.make_study(name, storage=storage, spec=spec, data=data)
        classes(study, CIFAR10 if data == "cifar10" else [str(i) for i in range(10)])
        study.set_user_attr(StudyKey.MACHINE, {"processor": "a processor", "cores": 2})
        fill(study, searched, seed=sum(map(ord, name)), ceiling=ceiling, unit=unit)
    drop = {"grid": {"dropout": [0.0, 0.2, 0.4]}}
    made["q7"] = sweep("q7", drop, lambda _, c: (0.9, 0.66 + 0.1 * c["dropout"]), storage)
    batch = {"grid": {"batch_size": [8, 16, 32, 64, 128, 256, 512, 1024, 2048]}}
    made["q9"] = sweep("q9", batch, lambda _, c: (0.7, 0.72 - c["batch_size"] / 9e3), storage)
    return made


def sweep(name: str, spec: dict[str, Any], effect: Any, storage: Any = None) -> optuna.Study:
    """A complete sweep; `effect` gives the training and the test accuracy of a cell."""
    rng = np.random.default_rng(3)
    full = {**fakes.SWEEP_SPEC, "name": name, **spec}
    study = fakes.make_study(name, storage=storage, spec=full, margin=0.0)
    names = [full["data"]] if isinstance(full["data"], str) else full["data"]
    study.set_user_attr(StudyKey.DATA, {n: fakes.dataset(n) for n in names})
    cells: list[dict[str, Any]] = [{}]
    for key, listed in full["grid"].items():
        cells = [{**cell, key: v} for cell in cells for v in listed]
    for data in names:
        for cell in cells:
            for seed in range(full["seeds"]):
                train, test = effect(data, cell)
                noise = rng.normal(0, 0.005)
                history = fakes.curve(test + noise, full["horizon"])
                for row, own in zip(history, fakes.curve(train, full["horizon"]), strict=True):
                    row["accuracy"], row["loss"] = own["val_accuracy"], own["loss"]
                more = {
                    TrialKey.CELL: cell,
                    TrialKey.SEED: seed,
                    TrialKey.DATA: data,
                    TrialKey.HISTORY: history,
                    TrialKey.TEST_ACCURACY: test + noise - 0.004,
                    TrialKey.CONFUSION: confusion(10, test, rng, 1000),
                }
                fakes.add_trial(study, "missed", 41_818, test, full["horizon"], **more)
    return study


def lab(storage: Any = None, searched: int = 60) -> dict[str, optuna.Study]:
    """Every study of the lab, all on the same data."""
    made: dict[str, optuna.Study] = {}
    for name, target, ceiling, unit in (
        ("q2", 0.45, 0.56, 900.0),
        ("q4", 0.62, 0.74, 15.0),
        ("q6", 0.62, 0.75, 14.0),
        ("q8", 0.62, 0.78, 13.0),
        ("q10", 0.75, 0.88, 9.0),
    ):
        spec = {**fakes.SPEC, "name": name, "target": target}
        made[name] = fakes.make_study(name, storage=storage, spec=spec)
        classes(made[name], CIFAR10)
        fill(made[name], searched, seed=len(name) + int(100 * target), ceiling=ceiling, unit=unit)
    two = {"data": ["mnist", "cifar10"], "grid": {}}
    made["q3"] = sweep(
        "q3", two, lambda d, _: (0.999, 0.981) if d == "mnist" else (0.62, 0.5), storage
    )
    drop = {"grid": {"dropout": [0.0, 0.2, 0.4]}}
    made["q7"] = sweep(
        "q7", drop, lambda _, c: (0.93 - 0.5 * c["dropout"], 0.66 + 0.1 * c["dropout"]), storage
    )
    batch = {"grid": {"batch_size": [8, 32, 128, 512, 2048]}}
    made["q9"] = sweep(
        "q9", batch, lambda _, c: (0.7 + 40 / (c["batch_size"] + 200), 0.62), storage
    )
    return made
