"""Learning curves to search on without training, and what a search on them pays and finds.

LCBench: the smallest funnel-shaped MLP whose validation accuracy reaches, within 52 epochs, what
5 % of 20,000 random configurations reach at epoch 52, on ten tasks. The curves come from YAHPO
Gym's surrogate of LCBench (Apache-2.0).

q4: the smallest convolutional network of 288 whose validation accuracy on CIFAR-10 reaches 54, 57
or 59 % within 12 epochs. The curves were recorded by `tuner search q4-curves.toml` on a third of
the training images.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Params = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A task: the smallest configuration whose shortfall reaches 0 within the horizon."""

    name: str
    space: dict[str, BaseDistribution]
    horizon: int
    smallest: float
    """The size that scores are relative to."""
    size: Callable[[Params], int]
    shortfall: Callable[[Params], np.ndarray]
    """Target - accuracy after every epoch, as a fraction, [horizon]."""
    largest: int
    """Size of the largest configuration."""
    configurations: int | None = None
    """How many there are, where they can be counted."""


class BudgetSpentError(Exception):
    """All epochs of a search are paid."""


@dataclass
class Meter:
    """Counts what one search pays and finds. Every training stops once its target is met.

    A configuration that was trained before gives the same curve again; only epochs that it was not
    trained for then are paid.
    """

    problem: Problem
    budget: int
    used: int = 0
    trials: int = 0
    best: float = math.inf
    found: list[tuple[int, int]] = field(default_factory=list)
    """Epochs paid by then, and the size of the new smallest."""
    stopped: int = 0
    wrongly: int = 0
    """Stopped though they would have met the target."""
    good: int = 0
    """Trainings able to meet the target."""
    paid: dict[tuple[tuple[str, Any], ...], int] = field(default_factory=dict)
    """Epochs that each configuration was trained for."""

    @property
    def most_trials(self) -> int:
        """Trials after which a search ends that no longer pays: most train nothing new."""
        return self.problem.configurations or 2 * self.budget

    def too_large(self, params: Params) -> bool:
        """Whether a configuration is not smaller than the smallest that met the target."""
        return self.problem.size(params) >= self.best

    def train(
        self,
        params: Params,
        until: int | None = None,
        start: int = 0,
        stop: Callable[[int, float], bool] | None = None,
    ) -> tuple[float, bool]:
        """Train from after epoch ``start`` to epoch ``until``.

        Args:
            params: The configuration.
            until: Default the horizon.
            start: Epochs that were paid before and need not be paid again.
            stop: Asked after every epoch, with its number and shortfall, whether to stop.

        Returns:
            The best shortfall so far, and whether ``stop`` said to stop.

        Raises:
            BudgetSpentError: The budget was spent before this training.
        """
        if self.used >= self.budget or self.trials >= self.most_trials:
            raise BudgetSpentError
        key = tuple(sorted(params.items()))
        paid = max(start, self.paid.get(key, 0))
        values = self.problem.shortfall(params).tolist()
        best = min(values[:start], default=math.inf)
        able = min(values) <= 0
        self.trials += start == 0
        self.good += able and start == 0
        for epoch in range(start + 1, (until or self.problem.horizon) + 1):
            if best <= 0:
                break
            self.used += epoch > paid
            self.paid[key] = max(paid, epoch)
            best = min(best, values[epoch - 1])
            if stop is not None and stop(epoch, values[epoch - 1]) and best > 0:
                self.stopped += 1
                self.wrongly += able
                return best, True
        size = self.problem.size(params)
        if best <= 0 and size < self.best and self.used <= self.budget:
            self.best = size
            self.found.append((self.used, size))
        return best, False


HORIZON = 52
REFERENCES = 20_000
SHARE_FEASIBLE = 0.05
LCBENCH_SPACE: dict[str, BaseDistribution] = {
    "batch_size": IntDistribution(16, 512, log=True),
    "learning_rate": FloatDistribution(1e-4, 0.1, log=True),
    "momentum": FloatDistribution(0.1, 0.99),
    "weight_decay": FloatDistribution(1e-5, 0.1),
    "num_layers": IntDistribution(1, 5),
    "max_units": IntDistribution(64, 1024, log=True),
    "max_dropout": FloatDistribution(0.0, 1.0),
}


def funnel_size(params: Params) -> int:
    """Weights of LCBench's funnel-shaped MLP, biases included."""
    layers, most = int(params["num_layers"]), int(params["max_units"])
    widths = [50, *(max(10, round(most + (10 - most) * i / layers)) for i in range(layers)), 10]
    return sum((a + 1) * b for a, b in itertools.pairwise(widths))


def lcbench(folder: Path) -> Iterator[Problem]:
    """The ten tasks; ``folder`` holds model.onnx and tasks.json."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
    codes = json.loads((folder / "tasks.json").read_text())["OpenML_task_id"]
    for name, code in sorted(codes.items()):
        yield _lcbench_task(session, name, code)


def _lcbench_task(session: Any, name: str, code: int) -> Problem:
    def predict(epochs: np.ndarray, configs: np.ndarray) -> np.ndarray:
        inputs = {
            "x_cat": np.full((len(configs), 1), code, np.int32),
            "x_cont": np.column_stack([epochs, configs]).astype(np.float32),
        }
        return np.asarray(session.run(None, inputs)[0])[:, 1]

    rng = np.random.default_rng(12345)
    configs = np.column_stack([_draw(dist, rng) for dist in LCBENCH_SPACE.values()])
    accuracy = predict(np.full(REFERENCES, HORIZON), configs)
    target = float(np.quantile(accuracy, 1 - SHARE_FEASIBLE))
    feasible = configs[accuracy >= target]

    def shortfall(params: Params) -> np.ndarray:
        config = np.array([[params[key] for key in LCBENCH_SPACE]])
        curve = predict(np.arange(1, HORIZON + 1), np.repeat(config, HORIZON, axis=0))
        return (target - curve) / 100

    return Problem(
        name=name,
        space=LCBENCH_SPACE,
        horizon=HORIZON,
        smallest=min(funnel_size(dict(zip(LCBENCH_SPACE, row, strict=True))) for row in feasible),
        size=funnel_size,
        shortfall=shortfall,
        largest=funnel_size({"num_layers": 5, "max_units": 1024}),
    )


def _draw(dist: BaseDistribution, rng: np.random.Generator) -> np.ndarray:
    assert isinstance(dist, (IntDistribution, FloatDistribution))
    share = rng.random(REFERENCES)
    if isinstance(dist, IntDistribution) and not dist.log:
        return np.floor(dist.low + share * (dist.high - dist.low + 1))
    if not dist.log:
        return dist.low + share * (dist.high - dist.low)
    values = dist.low * (dist.high / dist.low) ** share
    return np.round(values) if isinstance(dist, IntDistribution) else values


RECORDED = Path(__file__).with_name("q4-curves.csv")
RECORDED_TARGETS = (0.54, 0.57, 0.59)
RECORDED_SPACE: dict[str, BaseDistribution] = {
    "adam_rate": CategoricalDistribution([0.002, 0.01]),
    "batch_norm": CategoricalDistribution([True, False]),
    "kernel": IntDistribution(2, 3),
    "log2_width_0": IntDistribution(2, 4),
    "log2_width_1": IntDistribution(3, 4),
    "pooling": CategoricalDistribution(["max", "average"]),
    "width_2_eighths": IntDistribution(1, 3),
}


def recorded() -> Iterator[Problem]:
    """The recorded trainings of q4's space, a problem for each target."""
    sizes, curves = {}, {}
    with RECORDED.open(newline="") as file:
        for row in csv.DictReader(file):
            key = (
                float(row["adam_rate"]), row["batch_norm"] == "True", int(row["kernel"]),
                round(math.log2(int(row["width_0"]))), round(math.log2(int(row["width_1"]))),
                row["pooling"], int(row["width_2"]) // 8,
            )  # fmt: skip
            sizes[key] = int(row["size"])
            epochs = sum(name.startswith("epoch_") for name in row)
            curves[key] = np.array([float(row[f"epoch_{i}"]) for i in range(1, epochs + 1)])

    def key_of(params: Params) -> tuple[Any, ...]:
        return tuple(params[name] for name in RECORDED_SPACE)

    for target in RECORDED_TARGETS:
        yield Problem(
            name=f"q4 {target:.0%}",
            space=RECORDED_SPACE,
            horizon=len(next(iter(curves.values()))),
            smallest=min(sizes[key] for key, curve in curves.items() if curve.max() >= target),
            size=lambda params: sizes[key_of(params)],
            shortfall=lambda params, target=target: target - curves[key_of(params)],
            largest=max(sizes.values()),
            configurations=len(sizes),
        )
