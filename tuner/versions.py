"""The versions that a result depends on."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = ("tuner", "keras", "keras-tuner", "tensorflow", "jax", "torch", "optuna", "numpy")


def versions() -> dict[str, str]:
    """Installed versions by package, and Python's; packages that are absent are left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
