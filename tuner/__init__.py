"""Finds the smallest Keras model that reaches an accuracy, on your data, within your epochs.

``from tuner import search; result = search("q10", trials=50)``
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.api import certify, export, load_study, search
    from tuner.smallest_model import SmallestModel

__all__ = ["SmallestModel", "certify", "export", "load_study", "search"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use: `tuner --help` answers before Optuna could be imported.
    if name in __all__:
        module = "tuner.smallest_model" if name == "SmallestModel" else "tuner.api"
        with warnings.catch_warnings():
            # Optuna looks for progress bars of its own, which nobody would see.
            warnings.filterwarnings("ignore", message="IProgress not found")
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
