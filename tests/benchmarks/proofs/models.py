"""How often a study calls a model proven that does not meet the target, over up to eight looks.

Every look is at another model and the same test examples; which model comes next depends on the
verdicts so far: a larger one after a failure, a smaller one after a proof. Examples that are hard
for one model are hard for the others. The rules are compared by how they share out the 5 %.
Run: python tests/benchmarks/proofs/models.py {proofs,power} [--studies N] ...
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtri, zeta
from scipy.stats import binom

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run from a checkout as it is

from tuner.certificates.bounds import binomial_bound
from tuner.certificates.looks import BUDGET, level_of_next, share

TARGET = 0.75
LOOKS = 8

Verdicts = Sequence[bool]
Rule = Callable[[Verdicts], float]
"""Given earlier verdicts, the chance of a false proof that the next look may have."""


def spending(verdicts: Verdicts) -> float:
    """Each look has its share, whatever came of the others."""
    return BUDGET * share(len(verdicts) + 1)


def fallback(verdicts: Verdicts) -> float:
    """Tian and Ramdas's online fallback: a proof hands all that it had to the next look."""
    handed_on = 0.0
    for look, proven in enumerate(verdicts, 1):
        handed_on = BUDGET * share(look) + handed_on if proven else 0.0
    return BUDGET * share(len(verdicts) + 1) + handed_on


def used(verdicts: Verdicts) -> float:
    """The rule of `tuner.certificates.looks`."""
    return 1 - level_of_next(verdicts)


RULES: dict[str, Rule] = {"used": used, "fallback": fallback, "spending": spending}


@functools.cache
def needed(examples: int, chance: float) -> int:
    """How many examples must be right for a proof."""
    low, high = 0, examples
    while low < high:
        middle = (low + high) // 2
        if binomial_bound(middle, examples, 1 - chance) >= TARGET:
            high = middle
        else:
            low = middle + 1
    return low


@dataclass
class Model:
    """What is looked at: its true accuracy, and which family's examples it finds hard."""

    accuracy: float
    family: int = 0


class Examples:
    """Test examples, each with a hardness common to all models and one for each family."""

    def __init__(self, count: int, common: float, kinship: float, rng: np.random.Generator) -> None:
        self.count, self.common, self.kinship, self.rng = count, common, kinship, rng
        self.hard = self._drawn()
        self.families: dict[int, np.ndarray] = {}

    def _drawn(self) -> np.ndarray:
        return self.rng.standard_normal(self.count, dtype=np.float32)

    def right(self, model: Model) -> int:
        """How many a model has right: `accuracy` of all examples that there could be."""
        hardness = math.sqrt(self.common) * self.hard
        if self.kinship:
            if model.family not in self.families:
                self.families[model.family] = self._drawn()
            hardness = hardness + math.sqrt(self.kinship) * self.families[model.family]
        if (own := 1 - self.common - self.kinship) > 0:
            hardness = hardness + math.sqrt(own) * self._drawn()
        return int((hardness < ndtri(model.accuracy)).sum())


Ladder = Callable[[list[Model], list[bool], np.random.Generator], Model]
"""The next model, given those looked at and their verdicts."""


def at_the_target(_models: list[Model], _verdicts: list[bool], _rng: np.random.Generator) -> Model:
    return Model(TARGET)


def steps(start: float, step: float) -> Ladder:
    """Up by a step after a failure, down by one after a proof, in points."""

    def ladder(models: list[Model], verdicts: list[bool], _rng: np.random.Generator) -> Model:
        if not models:
            return Model(TARGET + start / 100)
        return Model(models[-1].accuracy + (-step if verdicts[-1] else step) / 100)

    return ladder


def lucky(start: float) -> Ladder:
    """Of thirty models the one that is best on 1,000 validation examples."""

    def ladder(_models: list[Model], verdicts: list[bool], rng: np.random.Generator) -> Model:
        center = start + 0.5 * sum(-1 if proven else 1 for proven in verdicts)
        true = TARGET + (center + rng.standard_normal(30)) / 100
        return Model(float(true[rng.binomial(1_000, true).argmax()]))

    return ladder


def twins(above: float) -> Ladder:
    """An adversary: after a proof the same model's twin just below, after a failure a stranger."""

    def ladder(models: list[Model], verdicts: list[bool], _rng: np.random.Generator) -> Model:
        if models and verdicts[-1]:
            return Model(TARGET, models[-1].family)
        return Model(TARGET + above / 100, len(models))

    return ladder


LADDERS: dict[str, Ladder] = {
    "all at the target": at_the_target,
    "from 3 below, steps of 0.5": steps(-3, 0.5),
    "from 0.5 below, steps of 0.3": steps(-0.5, 0.3),
    "from 0.1 above, steps of 0.2": steps(0.1, 0.2),
    "from 1 above, steps of 1": steps(1, 1),
    "lucky of 30, centre 1 below": lucky(-1),
    "lucky of 30, centre at the target": lucky(0),
    "twins 0.05 above and at the target": twins(0.05),
    "twins 0.3 above and at the target": twins(0.3),
    "twins 1 above and at the target": twins(1),
}


def is_wrong(rule: Rule, ladder: Ladder, examples: Examples, rng: np.random.Generator) -> bool:
    """Whether any model of a study is proven that is not above the target."""
    models: list[Model] = []
    verdicts: list[bool] = []
    wrong = False
    for _ in range(LOOKS):
        model = ladder(models, verdicts, rng)
        chance = rule(tuple(verdicts))
        verdicts.append(examples.right(model) >= needed(examples.count, chance))
        models.append(model)
        wrong = wrong or (verdicts[-1] and model.accuracy <= TARGET)
    return wrong


STRUCTURES = {"0": (0.0, 0.0), "0.5": (0.5, 0.3), "0.9": (0.9, 0.1), "kin": (0.0, 1.0)}
"""What decides whether an example is right: the share common to all models, and to a family."""


def proofs(options: argparse.Namespace) -> None:
    """Studies with a wrong proof, in per cent, by ladder, rule and what models have in common."""
    structures = [name for name in STRUCTURES if options.structures in ("all", name)]
    print("| ladder | " + " | ".join(f"{r}, {c}" for c in structures for r in RULES) + " |")
    for name in (name for name in LADDERS if options.ladders in name):
        row = []
        for structure in structures:
            for rule in RULES.values():
                wrong = 0
                for study in range(options.studies):
                    rng = np.random.default_rng(study)
                    examples = Examples(options.examples, *STRUCTURES[structure], rng)
                    wrong += is_wrong(rule, LADDERS[name], examples, rng)
                row.append(f"{100 * wrong / options.studies:.1f}")
        print(f"| {name} | " + " | ".join(row) + " |", flush=True)


SHARES: dict[str, Callable[[int], float]] = {
    "1/k² (used)": share,
    "1/k^1.6": lambda place: place**-1.6 / zeta(1.6),
    "1/k^1.5": lambda place: place**-1.5 / zeta(1.5),
    "1/2^k": lambda place: 0.5**place,
    "0.4 · 0.6^(k-1)": lambda place: 0.4 * 0.6 ** (place - 1),
    "eight alike": lambda _place: 1 / LOOKS,
}


def power() -> None:
    """Points above the target from which four of five looks prove a model, by earlier failures."""
    places = (1, 2, 3, 4, 6, 8, 12)
    above = np.arange(0, 0.1, 0.0002)
    print("| examples | shares | " + " | ".join(f"look {place}" for place in places) + " |")
    for examples in (1_000, 5_000, 10_000):
        for name, shared in SHARES.items():
            row = []
            for place in places:
                least = needed(examples, BUDGET * shared(place))
                proven = binom.sf(least - 1, examples, TARGET + above) >= 0.8
                row.append(f"{100 * above[proven.argmax()]:.2f}")
            print(f"| {examples:,} | {name} | " + " | ".join(row) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["proofs", "power"])
    parser.add_argument("--studies", type=int, default=4_000)
    parser.add_argument("--examples", type=int, default=1_000)
    parser.add_argument("--structures", default="all", choices=["all", *STRUCTURES])
    parser.add_argument("--ladders", default="", help="those whose name has this in it")
    options = parser.parse_args()
    if options.table == "power":
        power()
    else:
        proofs(options)


if __name__ == "__main__":
    main()
