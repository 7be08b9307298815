"""How often the rules over seeds certify and refute, and how many seeds they take.

Seeds of a recipe are drawn from distributions with a given mean and spread, in points of accuracy;
the target is 75 %. `fixed` is the rule that a sequential one is compared with: Student's bound of
five seeds, refuted early where the mean is 2.33 standard errors below the target, with a spread of
at least 0.6 points, or where the others could not help. Run:
python tests/benchmarks/proofs/recipes.py {certified,power,refuted} [--runs N]
"""

from __future__ import annotations

import argparse
import functools
import math
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.certificates import SEEDS
from tuner.certificates.recipe import reach_of, verdict_of
from tuner.objectives.target import Target

TARGET = 0.75
MOST = 20
"""Seeds that an extension goes up to."""

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
Rule = Callable[[Sequence[float], int], str | None]


def contaminated(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """One in ten has five times the spread."""
    wide = np.where(rng.random(shape) < 0.1, 5.0, 1.0)
    return rng.standard_normal(shape) * wide / math.sqrt(0.9 + 0.1 * 25)


def skewed(shape_parameter: float, sign: int) -> Draw:
    """A gamma distribution with skewness 2 / sqrt(shape parameter), to the better or worse side."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        gamma = rng.gamma(shape_parameter, 1.0, shape)
        return sign * (gamma - shape_parameter) / math.sqrt(shape_parameter)

    return draw


def clusters(chance: float, within: float) -> Draw:
    """Two clusters 25 points apart, 62 and 87 % where their mean is the target, in points."""

    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        high = rng.random(shape) < chance
        noise = within * rng.standard_normal(shape)
        return np.where(high, 25 * (1 - chance), -25 * chance) + noise

    return draw


SHAPES: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "Student's t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape) / math.sqrt(3),
    "contaminated": contaminated,
    "skewed to the better side, 1": skewed(4, 1),
    "skewed to the worse side, 0.25": skewed(64, -1),
    "skewed to the worse side, 0.5": skewed(16, -1),
    "skewed to the worse side, 1": skewed(4, -1),
}
"""By name, distributions with mean 0 and spread 1; the number is the skewness."""
CLUSTERS: dict[str, Draw] = {
    f"two clusters, {chance:.0%} in the better, spread {within} within": clusters(chance, within)
    for chance in (0.3, 0.5, 0.52)
    for within in (0.5, 2.0)
}
SPREADS = (0.2, 0.5, 1.0, 1.5, 2.0, 3.0)


@functools.cache
def quantile(freedom: int) -> float:
    return float(stdtrit(freedom, 0.95))


def bound(measured: Sequence[float]) -> float:
    """Student's, as if there were a single look."""
    n, mean = len(measured), statistics.fmean(measured)
    return mean - quantile(n - 1) * statistics.stdev(measured, mean) / math.sqrt(n)


def fixed(measured: Sequence[float], planned: int = SEEDS) -> str | None:
    n, mean = len(measured), statistics.fmean(measured)
    if n >= planned:
        return "certified" if bound(measured) >= TARGET else "refuted"
    spread = max(statistics.stdev(measured) if n > 1 else 0.0, 0.006)
    if mean + 2.33 * spread / math.sqrt(n) < TARGET:
        return "refuted"
    hoped = [*measured, *[max(measured) + 0.006] * (planned - n)]
    return "refuted" if n > 1 and bound(hoped) < TARGET else None


def sequential(measured: Sequence[float], planned: int = SEEDS) -> str | None:
    return verdict_of(measured, Target(TARGET), planned)


RULES: dict[str, Rule] = {"fixed": fixed, "sequential": sequential}


def stopped(rule: Rule, accuracies: Sequence[float]) -> tuple[str, int]:
    """The verdict, and at how many seeds it falls."""
    for n in range(1, SEEDS + 1):
        if (verdict := rule(accuracies[:n], SEEDS)) is not None:
            return verdict, n
    raise AssertionError("the planned seeds must do")


def extended(runs: list[list[float]]) -> np.ndarray:
    """Whether seeds that are added certify it, [runs, numbers of seeds from 6 to `MOST`]."""
    values = np.array(runs)
    columns = []
    for n in range(SEEDS + 1, MOST + 1):
        spread = values[:, :n].std(axis=1, ddof=1)
        columns.append(values[:, :n].mean(axis=1) - reach_of(n).errors * spread / math.sqrt(n))
    return np.array(columns).T >= TARGET


def drawn(
    draw: Draw, mean: float, spread: float, runs: int, seeds: int = MOST
) -> list[list[float]]:
    rng = np.random.default_rng(1)
    values: list[list[float]] = (TARGET + (mean + spread * draw(rng, (runs, seeds))) / 100).tolist()
    return values


def rates(runs: list[list[float]]) -> list[float]:
    """Certified, in per cent: fixed; sequential, then extended to 12, to 20, to each up to 20."""
    before = [stopped(fixed, accuracies)[0] == "certified" for accuracies in runs]
    now = np.array([stopped(sequential, accuracies)[0] == "certified" for accuracies in runs])
    more = extended(runs)
    later = [more[:, 12 - SEEDS - 1], more[:, -1], more.any(axis=1)]
    return [100 * float(np.mean(found)) for found in (before, now, *[now | m for m in later])]


def row(name: str, *cells: object) -> None:
    shown = [f"{c:.1f}" if isinstance(c, float) else str(c) for c in cells]
    print("| " + " | ".join([name, *shown]) + " |", flush=True)


def certified(runs: int) -> None:
    """False certification where the mean is the target, the worst of the spreads in each column."""
    row("distribution", "fixed", "sequential", "then to 12", "then to 20", "to each of 6 to 20")
    for name, draw in SHAPES.items():
        each = [rates(drawn(draw, 0, spread, runs)) for spread in SPREADS]
        row(name, *np.max(each, axis=0).tolist())
    for name, draw in CLUSTERS.items():
        row(name, *rates(drawn(draw, 0, 1, runs)))
    for mean in (-0.2, -0.5, -1.0):
        each = [rates(drawn(SHAPES["normal"], mean, spread, runs)) for spread in SPREADS]
        row(f"normal, mean {-mean} below the target", *np.max(each, axis=0).tolist())


def power(runs: int) -> None:
    """Chance to be certified, and mean number of seeds."""
    row("mean", "spread", *[f"{r}, {what}" for r in RULES for what in ("%", "seeds")], "in 3", "12")
    for mean in (0.3, 0.5, 1.0, 2.0):
        for spread in (0.2, 0.5, 1.0, 2.0, 3.0):
            values = drawn(SHAPES["normal"], mean, spread, runs)
            cells: list[float] = []
            for rule in RULES.values():
                ends = [stopped(rule, accuracies) for accuracies in values]
                good = [verdict == "certified" for verdict, _ in ends]
                cells += [100 * float(np.mean(good)), float(np.mean([n for _, n in ends]))]
            early = 100 * float(np.mean([end == ("certified", 3) for end in ends]))
            more = np.array(good) | extended(values)[:, 12 - SEEDS - 1]
            row(f"+{mean}", f"{spread}", *cells, early, 100 * float(np.mean(more)))


def refuted(runs: int) -> None:
    """Refuted before the last seed, in per cent, and mean number of seeds."""
    names = ["fixed", "sequential", "200 examples", "replicates"]
    row("recipe", *[f"{name}, {what}" for name in names for what in ("%", "seeds")])
    recipes = [(1.0, spread, "normal") for spread in (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)]
    recipes += [(1.0, 8.0, "Student's t, 3 degrees"), (1.0, 1.0, "clusters")]
    recipes += [(m, s, "normal") for m in (0.0, -0.5, -1.0, -2.0, -4.0) for s in (0.5, 2.0)]
    for mean, spread, shape in recipes:
        draw = clusters(0.5, 1.0) if shape == "clusters" else SHAPES[shape]
        values = drawn(draw, mean, spread, runs, SEEDS + 4)
        cells: list[float] = []
        for name in names:
            ends = [known_and_stopped(name, a[:SEEDS], a[SEEDS:]) for a in values]
            cells.append(100 * float(np.mean([v == "refuted" and n < SEEDS for v, n in ends])))
            cells.append(float(np.mean([n for _, n in ends])))
        row(f"{shape}, {mean:+}, spread {spread}", *cells)


def known_and_stopped(
    name: str, accuracies: Sequence[float], others: Sequence[float]
) -> tuple[str, int]:
    """The verdict where something is known: of the test set, or two pairs of the same recipe."""

    def rule(measured: Sequence[float], planned: int) -> str | None:
        size = 200 if name == "200 examples" else None
        pairs = [others[:2], others[2:]] if name == "replicates" else []
        return verdict_of(measured, Target(TARGET), planned, test_size=size, replicates=pairs)

    return stopped(fixed if name == "fixed" else rule, accuracies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["certified", "power", "refuted"])
    parser.add_argument("--runs", type=int, default=10_000)
    options = parser.parse_args()
    {"certified": certified, "power": power, "refuted": refuted}[options.table](options.runs)


if __name__ == "__main__":
    main()
