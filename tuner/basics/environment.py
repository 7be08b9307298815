"""Every environment variable that the project reads, with its parser and default."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from tuner.basics.addresses import local_path

RESULTS = "tuner-results"
"""Where results go that are given no other folder, in the current one."""


def cache_folder() -> Path:
    """Where decoded data sets are kept: ``TUNER_CACHE``, else the user's cache folder.

    Raises:
        UsageError: ``TUNER_CACHE`` is an address.
    """
    if chosen := os.environ.get("TUNER_CACHE"):
        return local_path(chosen, "TUNER_CACHE").expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "tuner"


def test_data_folder() -> Path | None:
    """Where tests find real images: ``TUNER_TEST_DATA``, else None (such tests are skipped)."""
    chosen = os.environ.get("TUNER_TEST_DATA")
    return Path(chosen).expanduser() if chosen else None


def storage_url() -> str | None:
    """The storage to use where none is given: ``TUNER_STORAGE``, else None."""
    return os.environ.get("TUNER_STORAGE") or None


def tries_exports() -> bool:
    """Whether a search tries an export beside its trainings: unless ``TUNER_TRY_EXPORT=0``."""
    return os.environ.get("TUNER_TRY_EXPORT", "1") != "0"


def keras_backend() -> str:
    """The backend that Keras will take, by its own rule: ``KERAS_BACKEND``, else its file."""
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen
    home = os.environ.get("KERAS_HOME")
    folder = Path(home) if home else Path.home() / ".keras"
    with contextlib.suppress(OSError, ValueError):
        settings = json.loads((folder / "keras.json").read_text(encoding="utf-8"))
        if isinstance(settings, dict) and isinstance(settings.get("backend"), str):
            return str(settings["backend"])
    return "tensorflow"
