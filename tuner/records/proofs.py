"""What is to be proven of what a study finds, and which of its models have been found out.

Two things can be proven: of a *model* that this very file meets the target, and of a *recipe* that
its configuration does, trained anew with fresh seeds. Which of the two an incumbent must pass is
the study's matter, so all that asks whether a trial still counts asks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.objectives.proof import DEFAULT, PROVES, Prove
from tuner.records.certificates import Certificate, certificates
from tuner.records.keys import StudyKey
from tuner.records.model_certificates import ModelCertificate, model_certificates
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


def measured_by(found: Certificate | ModelCertificate) -> float:
    """The metric on the test examples; of a recipe the mean over its seeds."""
    return found.mean if isinstance(found, Certificate) else found.measured


def _measured(attributes: Mapping[str, Any]) -> dict[int, tuple[bool, float]]:
    """By trial number, whether its proof held, and the shortfall that it measured."""
    return {
        n: (c.certified, target_of(attributes, c.target).reported(measured_by(c)))
        for n, c in _deciding(attributes).items()
    }


def _verdicts(attributes: Mapping[str, Any]) -> dict[int, bool]:
    return {n: c.certified for n, c in _deciding(attributes).items()}


def _deciding(attributes: Mapping[str, Any]) -> Mapping[int, Certificate | ModelCertificate]:
    """The certificates that tell whether a trial still counts, by its number."""
    return certificates(attributes) if by_recipe(attributes) else model_certificates(attributes)
