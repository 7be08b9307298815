"""Figures: every function takes a study and returns a matplotlib `Figure` of its own.

A module a question: what size buys (`tradeoff`), how trainings went (`learning`), what mattered
(`influence`), where the epochs went (`spending`), what seeds change (`seeds`), how good one model
is (`evaluating`). Where there is nothing to draw, the figure says why. Colours and axes that they
share are in `style` and `axes`. Tables are `analysis.frames`' matter, pages `analysis.report`'s;
nothing here passes through pyplot, saves a file or reads a storage.
"""

from __future__ import annotations

from analysis.figures.evaluating import evaluation
from analysis.figures.importances import importances
from analysis.figures.influence import importance, marginal_effects
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
