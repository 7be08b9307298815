"""The versions that a result depends on."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata

PACKAGES = ("tuner", "keras", "keras-tuner", "tensorflow", "jax", "torch", "optuna", "numpy")


def versions() -> dict[str, str]:
    """Installed versions by package, and Python's; packages that are absent are left out."""
    return {"python": platform.python_version(), **installed(PACKAGES)}


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions by package; packages that are absent are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
