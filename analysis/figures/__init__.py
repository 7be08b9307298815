"""Figures of studies: every function takes a study and returns a matplotlib `Figure` of its own."""

from __future__ import annotations

from analysis.figures.evaluating import evaluation
from analysis.figures.influence import importance, importances, marginal_effects
from analysis.figures.learning import learning_curves
from analysis.figures.seeds import gap, varied
from analysis.figures.spending import audit, effort, pruning_audit
from analysis.figures.tradeoff import efficiency, frontier

__all__ = [
    "audit",
    "efficiency",
    "effort",
    "evaluation",
    "frontier",
    "gap",
    "importance",
    "importances",
    "learning_curves",
    "marginal_effects",
    "pruning_audit",
    "varied",
]
