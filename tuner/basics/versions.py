"""The versions that a result depends on."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata

DISTRIBUTION = "smallest-model"
"""The name to install the program by; on PyPI `tuner` is another project."""

PACKAGES = ("keras", "keras-tuner", "tensorflow", "jax", "torch", "optuna", "numpy")


def versions() -> dict[str, str]:
    """Installed versions by package, and Python's; packages that are absent are left out."""
    own = installed([DISTRIBUTION])
    program = {"tuner": own[DISTRIBUTION]} if own else {}
    return {"python": platform.python_version(), **program, **installed(PACKAGES)}


def install_command(extra: str) -> str:
    """What to type for the packages of an extra; an environment made by a clone has no pip."""
    return f"pip install '{DISTRIBUTION}[{extra}]', or in a clone: scripts/environment {extra}"


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions by package; packages that are absent are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
