"""The pruners that ``--pruner`` takes: a line for each, the first one the default.

A line makes the pruner from what a search knows. It imports on its call: the names are asked for by
``tuner --help``, which is to answer before Optuna is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


@dataclass(frozen=True)
class PrunerSetting:
    """What a search knows when it makes its pruner."""

    horizon: int
    """The most epochs of a training."""
    seed: int = 0
    """The study's seed."""
    noise: float | None = None
    """Standard deviation of a report of another metric than accuracy; None: of accuracy."""


def _target(setting: PrunerSetting) -> BasePruner:
    from tuner.pruners.target import for_search

    return for_search(setting.horizon, setting.seed, setting.noise)


def _optunas() -> Any:
    """Optuna's own pruners."""
    import optuna

    return optuna.pruners


_MAKERS: dict[str, Callable[[PrunerSetting], BasePruner]] = {
    "target": _target,
    "median": lambda setting: _optunas().MedianPruner(),
    "hyperband": lambda setting: _optunas().HyperbandPruner(max_resource=setting.horizon),
    "successive-halving": lambda setting: _optunas().SuccessiveHalvingPruner(),
    "none": lambda setting: _optunas().NopPruner(),
}

PRUNERS = tuple(_MAKERS)
"""Their names."""


def make_pruner(
    name: str, *, horizon: int, seed: int = 0, noise: float | None = None
) -> BasePruner:
    """Makes a pruner.

    Args:
        name: One of `PRUNERS`.
        horizon: The most epochs of a training.
        seed: The study's seed, for ``target``.
        noise: Standard deviation of a report of another metric than accuracy, for ``target``.
    """
    return _MAKERS[name](PrunerSetting(horizon, seed, noise))
