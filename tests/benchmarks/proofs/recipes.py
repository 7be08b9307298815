"""How often the rules over seeds certify and refute, and how many seeds they take.

Seeds of a recipe are drawn from distributions with a given mean and spread, in points of accuracy;
the target is 75 %. `fixed` is the rule that a sequential one is compared with: Student's bound of
five seeds, refuted early where the mean is 2.33 standard errors below the target, with a spread of
at least 0.6 points, or where the others could not help. Run:
python tests/benchmarks/proofs/recipes.py {certified,power,refuted} [--runs N]
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.certificates import SEEDS
from tuner.certificates.recipe import verdict_of
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


def fixed(measured: Sequence[float], planned: int = SEEDS) -> str | None:
    n = len(measured)
    mean, spread = np.mean(measured), np.std(measured, ddof=1) if n > 1 else 0.0
    if n >= planned:
        bound = mean - stdtrit(n - 1, 0.95) * spread / math.sqrt(n)
        return "certified" if bound >= TARGET else "refuted"
    if mean + 2.33 * max(spread, 0.006) / math.sqrt(n) < TARGET:
        return "refuted"
    if n == 1:
        return None
    hoped = [*measured, *[max(measured) + 0.006] * (planned - n)]
    error = np.std(hoped, ddof=1) / math.sqrt(planned)
    return "refuted" if np.mean(hoped) - stdtrit(planned - 1, 0.95) * error < TARGET else None


def sequential(measured: Sequence[float], planned: int = SEEDS) -> str | None:
    return verdict_of(measured, Target(TARGET), planned)


RULES: dict[str, Rule] = {"fixed": fixed, "sequential": sequential}


def stopped(rule: Rule, accuracies: Sequence[float]) -> tuple[str, int]:
    """The verdict, and at how many seeds it falls."""
    for n in range(1, SEEDS + 1):
        if (verdict := rule(accuracies[:n], SEEDS)) is not None:
            return verdict, n
    raise AssertionError("the planned seeds must do")


def extended(accuracies: Sequence[float], to: Iterable[int]) -> bool:
    """Whether seeds that are added up to any of these numbers certify it."""
    return any(
        verdict_of(accuracies[:n], Target(TARGET), n, decided=SEEDS) == "certified" for n in to
    )


def drawn(
    draw: Draw, mean: float, spread: float, runs: int, seeds: int = MOST
) -> list[list[float]]:
    rng = np.random.default_rng(1)
    values: list[list[float]] = (TARGET + (mean + spread * draw(rng, (runs, seeds))) / 100).tolist()
    return values


def rates(runs: list[list[float]]) -> list[float]:
    """Certified, in per cent: fixed; sequential, then extended to 12, to 20, to each up to 20."""
    counts = np.zeros(5)
    for accuracies in runs:
        counts[0] += stopped(fixed, accuracies)[0] == "certified"
        if stopped(sequential, accuracies)[0] == "certified":
            counts[1:] += 1
            continue
        counts[2:] += [extended(accuracies, to) for to in ((12,), (20,), range(6, MOST + 1))]
    return [100 * count / len(runs) for count in counts]


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
            more = [g or extended(a, (12,)) for g, a in zip(good, values, strict=True)]
            row(f"+{mean}", f"{spread}", *cells, early, 100 * float(np.mean(more)))


def refuted(runs: int) -> None:
    """Refuted before the last seed, in per cent, and mean number of seeds."""
    known = {
        "sequential": {},
        "200 examples": {"test_size": 200},
        "replicates": {"replicates": [[0.757, 0.751], [0.748, 0.752, 0.744]]},
        "wide replicates": {"replicates": [[0.62, 0.87, 0.8]]},
    }
    rules: dict[str, Rule] = {"fixed": fixed}
    for name, options in known.items():
        rules[name] = lambda a, planned, o=options: verdict_of(a, Target(TARGET), planned, **o)
    row("recipe", *[f"{r}, {what}" for r in rules for what in ("%", "seeds")])
    recipes = [(1.0, spread, "normal") for spread in (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)]
    recipes += [(1.0, 8.0, "Student's t, 3 degrees"), (1.0, 1.0, "clusters")]
    recipes += [(m, s, "normal") for m in (0.0, -0.5, -1.0, -2.0, -4.0) for s in (0.5, 2.0)]
    for mean, spread, shape in recipes:
        draw = clusters(0.5, 1.0) if shape == "clusters" else SHAPES[shape]
        values = drawn(draw, mean, spread, runs, SEEDS)
        cells: list[float] = []
        for rule in rules.values():
            ends = [stopped(rule, accuracies) for accuracies in values]
            cells.append(100 * float(np.mean([v == "refuted" and n < SEEDS for v, n in ends])))
            cells.append(float(np.mean([n for _, n in ends])))
        row(f"{shape}, {mean:+}, spread {spread}", *cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["certified", "power", "refuted"])
    parser.add_argument("--runs", type=int, default=10_000)
    options = parser.parse_args()
    {"certified": certified, "power": power, "refuted": refuted}[options.table](options.runs)


if __name__ == "__main__":
    main()
