"""What is to be proven of what a study finds, and which of its models have been found out.

Two things can be proven: of a *model* that this very file meets the target, and of a *recipe* that
its configuration does, trained anew with fresh seeds. Which of the two an incumbent must pass is
the study's matter, so all that asks whether a trial still counts asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.objectives.proof import DEFAULT, PROVES, Prove
from tuner.records.certificates import certificates
from tuner.records.keys import StudyKey
from tuner.records.model_certificates import model_certificates
from tuner.records.objectives import target_of

_LEAST = 1e-6
"""A refuted model counts as one that missed, whatever was measured of it."""


def prove_of(attributes: Mapping[str, Any]) -> Prove:
    """What a study proves, from its user attributes; recipes, where it was made by version 0.1."""
    found = attributes.get(StudyKey.PROVE, "recipe")
    return found if found in PROVES else DEFAULT


def by_recipe(attributes: Mapping[str, Any]) -> bool:
    """Whether it is the recipe that must hold for a trial to stay the incumbent."""
    return prove_of(attributes) == "recipe"


def refuted(attributes: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of the trials that met the target by luck, from a study's user attributes."""
    return frozenset(number for number, held in _verdicts(attributes).items() if not held)


def refuted_models(attributes: Mapping[str, Any]) -> frozenset[int]:
    """Those of them whose configuration another seed may train to a better model.

    None where it is the recipe that must hold: of that another training tells the same.
    """
    return frozenset() if by_recipe(attributes) else refuted(attributes)


def proven(attributes: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of the trials of which it is proven that they meet the target."""
    return frozenset(number for number, held in _verdicts(attributes).items() if held)


def refuted_shortfalls(attributes: Mapping[str, Any]) -> dict[int, float]:
    """By trial number, how far a refuted trial is from what was asked, as its proof measured it.

    Margin included, in units as a trial's own shortfall is stored, and above 0.
    """
    return {n: max(s, _LEAST) for n, (held, s) in _measured(attributes).items() if not held}


def proven_shortfalls(attributes: Mapping[str, Any]) -> dict[int, float]:
    """The same of the proven trials; above 0 where the target holds and the margin does not."""
    return {n: s for n, (held, s) in _measured(attributes).items() if held}


def _measured(attributes: Mapping[str, Any]) -> dict[int, tuple[bool, float]]:
    """By trial number, whether its proof held, and the shortfall that it measured."""
    found: dict[int, tuple[bool, float, float]] = {}
    if by_recipe(attributes):
        for number, recipe in certificates(attributes).items():
            found[number] = recipe.certified, recipe.target, recipe.mean
    else:
        for number, model in model_certificates(attributes).items():
            found[number] = model.certified, model.target, model.measured
    return {
        number: (held, target_of(attributes, target).reported(measured))
        for number, (held, target, measured) in found.items()
    }


def _verdicts(attributes: Mapping[str, Any]) -> dict[int, bool]:
    if by_recipe(attributes):
        return {n: c.certified for n, c in certificates(attributes).items()}
    return {n: c.certified for n, c in model_certificates(attributes).items()}
