"""Records learning curves of every metric, of small networks on three small data sets.

``python tests/benchmarks/curves/record.py`` trains 14 configurations on each data set and writes
``curves.csv`` beside this file: a row for each of them and each metric, with what that metric was
on the validation examples after each of 25 epochs. It takes some minutes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from tuner.objectives.metrics import METRICS, Metric
from tuner.objectives.yardstick import of_constant

FILE = Path(__file__).with_name("curves.csv")
HORIZON = 25
TRAININGS = 14


class Data(NamedTuple):
    """A data set; no classes: its answers are numbers."""

    name: str
    x: np.ndarray
    y: np.ndarray
    classes: int


def data_sets() -> Iterator[Data]:
    """Two with numbers as answers, one with classes, the second of which is rare."""
    from sklearn.datasets import load_diabetes, make_friedman1

    x, y = load_diabetes(return_X_y=True)
    yield Data("diabetes", (x / x.std(axis=0)).astype("float32"), y.astype("float32") / 100, 0)
    x, y = make_friedman1(1_500, noise=1.0, random_state=0)
    yield Data("friedman", x.astype("float32"), y.astype("float32"), 0)
    rng = np.random.default_rng(0)
    y = (rng.random(3_000) < 1 / 21).astype("int64")
    x = rng.normal(size=(3_000, 16)) + y[:, None] * np.linspace(0, 1.2, 16)
    yield Data("rare", x.astype("float32"), y, 2)


def build(data: Data, rng: np.random.Generator, steps: int) -> Any:
    """A network of a random configuration."""
    units = int(2 ** rng.uniform(1, 6))
    rate = float(10 ** rng.uniform(-3.3, -1.5))
    if rng.random() < 0.5:
        rate = keras.optimizers.schedules.CosineDecay(rate, HORIZON * steps)
    model = keras.Sequential([keras.Input(data.x.shape[1:])])
    for _ in range(int(rng.integers(1, 3))):
        model.add(keras.layers.Dense(units, "relu"))
    model.add(keras.layers.Dense(data.classes or 1, "softmax" if data.classes else None))
    loss = "sparse_categorical_crossentropy" if data.classes else "mse"
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def curves(data: Data, number: int, metrics: list[Metric]) -> tuple[int, dict[str, list[float]]]:
    """The size of one configuration, and by metric what each epoch gave."""
    keras.utils.set_random_seed(number)
    rng = np.random.default_rng([number, len(data.x)])
    order = np.random.default_rng(0).permutation(len(data.x))
    held = order[: len(order) // 4]
    rest = order[len(order) // 4 :]
    model = build(data, rng, -(-len(rest) // 64))
    found: dict[str, list[float]] = {m.name: [] for m in metrics}

    def measure(*_: object) -> None:
        scores = np.asarray(model(data.x[held]))
        scores = scores if data.classes else scores[:, 0]
        for metric in metrics:
            found[metric.name].append(metric.of(data.y[held], scores))

    ended = keras.callbacks.LambdaCallback(on_epoch_end=measure)
    model.fit(data.x[rest], data.y[rest], 64, HORIZON, verbose=0, callbacks=[ended])
    return model.count_params(), found


def main() -> None:
    """Writes the file."""
    with FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        epochs = [f"epoch_{i}" for i in range(1, HORIZON + 1)]
        writer.writerow(["data", "metric", "training", "size", "constant", *epochs])
        for data in data_sets():
            task = "classification" if data.classes else "regression"
            many = [m for m in METRICS.values() if task in m.tasks]
            metrics = [m for m in many if m.name != "top5_accuracy" or data.classes > 5]
            for number in range(TRAININGS):
                size, found = curves(data, number, metrics)
                for name, values in found.items():
                    alone = of_constant(METRICS[name], data.y, data.classes)
                    shown = [f"{value:.4g}" for value in values]
                    writer.writerow([data.name, name, number, size, f"{alone:.4g}", *shown])
                print(data.name, number, size, flush=True)


if __name__ == "__main__":
    main()
