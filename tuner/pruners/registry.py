"""TODO."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


PRUNERS = ("target", "median", "hyperband", "successive-halving", "none")


def make_pruner(name: str, *, horizon: int, seed: int = 0) -> BasePruner:
    """Makes a pruner.

    Args:
        name: One of `PRUNERS`.
        horizon: The most epochs of a training.
        seed: The study's seed, for ``target``.
    """
    import optuna

    if name == "target":
        from tuner.pruners.target import TargetPruner

        # At the first, high learning rates a good small network looks poor.
        return TargetPruner(horizon=horizon, n_warmup=max(3, horizon // 4), seed=seed)
    makers: dict[str, Callable[[], BasePruner]] = {
        "median": lambda: optuna.pruners.MedianPruner(),
        "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=horizon),
        "successive-halving": lambda: optuna.pruners.SuccessiveHalvingPruner(),
        "none": lambda: optuna.pruners.NopPruner(),
    }
    return makers[name]()
