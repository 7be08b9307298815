"""How often a bound of a metric is wrong: proofs of models that are just at the target.

``python tests/benchmarks/proofs/metrics.py`` prints a table; ``--runs`` and ``--only`` make it
smaller. A study looks at eight models that are all exactly at the target, none better, each on as
many examples; it is wrong if it proves any of them. The levels are those of the looks
(`tuner.certificates.looks`), the bounds those of `tuner.certificates.bounds`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from tuner.certificates.bounds import Means
from tuner.certificates.looks import level_of_next
from tuner.objectives.metrics import METRICS

LOOKS = tuple(range(1, 9))
"""Looks of a study, each after those before it have failed."""
SHOWN = (1, 2, 4, 8)
"""Those that have a column."""
Draw = Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]


class Case(NamedTuple):
    """Models of one kind: their true metric, and what is seen of one on a set of examples."""

    metric: str
    name: str
    true: float
    draw: Draw


def classes(name: str, shares: list[float], right: list[float], n: int) -> Iterator[Case]:
    """Classes of these shares, each recognised so often, mistakes going to the next class."""
    p, r, k = np.array(shares) / sum(shares), np.array(right), len(shares)
    joint = np.diag(p * r)
    joint[np.arange(k), (np.arange(k) + 1) % k] += p * (1 - r)
    true = {
        "macro_f1": float(np.mean(2 * np.diag(joint) / (joint.sum(0) + joint.sum(1)))),
        "balanced_accuracy": float(r.mean()),
    }

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.choice(k, n, p=p)
        given = np.where(rng.random(n) < r[truth], truth, (truth + 1) % k)
        return truth, np.eye(k)[given]

    for metric, value in true.items():
        yield Case(metric, f"{name}, {n:,} examples", value, draw)


def ranks(area: float, share: float, n: int) -> Case:
    """Two classes, normal scores that are so far apart that the area is this."""
    apart = float(ndtri(area)) * np.sqrt(2)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        truth = (rng.random(n) < share).astype(int)
        truth[:2] = [0, 1]
        second = 1 / (1 + np.exp(-rng.normal(size=n) - apart * truth))
        return truth, np.column_stack([1 - second, second])

    return Case("auc", f"{area:g}, {100 * share:g} % positive, {n:,} examples", area, draw)


def errors(name: str, noise: Callable[[np.random.Generator, int], np.ndarray], n: int) -> Case:
    """Errors of a distribution; the true mean is that of four million of them."""
    true = float(np.abs(noise(np.random.default_rng(99), 4_000_000)).mean())
    return Case("mae", f"{name}, {n:,} examples", true, lambda rng: (np.zeros(n), noise(rng, n)))


def cases() -> Iterator[Case]:
    """All of the table."""
    yield from classes("two classes 19:1", [19, 1], [0.99, 0.8], 400)
    yield from classes("two classes 19:1", [19, 1], [0.99, 0.8], 2_000)
    yield from classes("two classes, hardly a mistake", [1, 1], [0.99, 0.99], 200)
    yield from classes("six classes, one a twentieth", [20] * 5 + [1], [0.95] * 5 + [0.6], 600)
    yield from classes("six classes, one a twentieth", [20] * 5 + [1], [0.95] * 5 + [0.6], 3_000)
    yield from classes("ten classes", [1] * 10, [0.9] * 10, 300)
    for area, share, n in (
        (0.8, 0.5, 200),
        (0.95, 0.5, 200),
        (0.99, 0.5, 200),
        (0.8, 0.05, 400),
        (0.95, 0.05, 400),
        (0.99, 0.05, 400),
        (0.95, 0.05, 2_000),
    ):
        yield ranks(area, share, n)
    for n in (60, 200):
        yield errors("normal errors", lambda rng, k: rng.normal(size=k), n)
        yield errors("Laplace errors", lambda rng, k: rng.laplace(size=k), n)
        yield errors("Student's t, 5 degrees", lambda rng, k: rng.standard_t(5, k), n)
        yield errors("one in 20 ten times as large", _outliers(0.05), n)
    for n in (200, 400):
        yield errors("one in 50 ten times as large", _outliers(0.02), n)


def _outliers(share: float) -> Callable[[np.random.Generator, int], np.ndarray]:
    return lambda rng, n: rng.normal(size=n) * np.where(rng.random(n) < share, 10, 1)


def wrong(case: Case, runs: int) -> list[float]:
    """By look, the share of models at the target that it proves."""
    rng, metric = np.random.default_rng(0), METRICS[case.metric]
    found = np.zeros(len(LOOKS))
    for _ in range(runs):
        truth, scores = case.draw(rng)
        means = Means.of(metric, truth, scores)
        for i, look in enumerate(LOOKS):
            bound = means.bound(level_of_next([False] * (look - 1)))
            found[i] += metric.missing(bound, case.true) <= 0
    return list(found / runs)


def of_a_study(rates: list[float]) -> float:
    """The chance that any of the looks is wrong, if models have nothing in common."""
    return 1 - float(np.prod([1 - rate for rate in rates]))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4_000)
    parser.add_argument("--only", help="one metric")
    asked = parser.parse_args()
    print("| metric | models at the target | look 1 | look 2 | look 4 | look 8 | study of 8 |")
    print("|---|---|---|---|---|---|---|")
    for case in cases():
        if asked.only in (None, case.metric):
            rates = wrong(case, asked.runs)
            shown = " | ".join(f"{100 * rates[look - 1]:.2f}" for look in SHOWN)
            total = f"{100 * of_a_study(rates):.1f}"
            print(f"| {case.metric} | {case.name} | {shown} | {total} |", flush=True)


if __name__ == "__main__":
    main()
