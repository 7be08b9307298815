"""Pruners: each stops a training that will not come to anything, one a module.

A plain `optuna.pruners.BasePruner` goes here, with its line in `registry`. What a curve will come
to is foretold in `tuner.curves`; when a training ends for other reasons is `tuner.trials`' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.pruners.target import TargetPruner

__all__ = ["TargetPruner"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the names in `registry` are asked for by `tuner --help`.
    if name in __all__:
        from tuner.pruners.target import TargetPruner

        return TargetPruner
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
