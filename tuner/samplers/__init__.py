"""Samplers: each proposes the next configuration, one a module or package.

A plain `optuna.samplers.BaseSampler` goes here, with its line in `registry`. Which trials count,
and who trains what, is `tuner.storages`' and `tuner.workers`' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

__all__ = ["SmallestFeasibleSampler"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the names in `registry` are asked for by `tuner --help`.
    if name in __all__:
        from tuner.samplers.smallest_feasible.sampler import SmallestFeasibleSampler

        return SmallestFeasibleSampler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
