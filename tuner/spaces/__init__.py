"""Search spaces: keras-tuner hypermodels whose hyperparameters an Optuna trial chooses.

What turns a hypermodel into distributions, configurations and known costs goes here; the families
themselves are in `search_spaces`. Nothing here trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.spaces.hyperparameters import TrialHyperParameters

__all__ = ["TrialHyperParameters"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: keras-tuner is heavy, and not every module here needs it.
    if name in __all__:
        from tuner.spaces.hyperparameters import TrialHyperParameters

        return TrialHyperParameters
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
