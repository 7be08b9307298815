"""What Keras has to be handed to read the models of a user's space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tuner.basics.importing import find, module_of
from tuner.spaces import carried
from tuner.spaces.source import modules_beside

KNOWN = frozenset({"builtins", "keras", "keras_tuner", "tensorflow", "jax", "torch", "numpy"})
"""Packages of which Keras knows what a model may have, or of which none is part of a model."""


def read_model(file: Path | str, spec: str) -> Any:
    """Reads a model of a loaded space, not compiled.

    The space's code has been run by whoever calls this, and it made the file: so the code of a
    Lambda in it is run as well.

    Args:
        file: A ``.keras`` file that this program has written.
        spec: What the study calls the space.
    """
    import keras

    own = custom_objects(spec)
    return keras.models.load_model(file, own, compile=False, safe_mode=False)


def load_model(file: Path | str, spec: str) -> Any:
    """Reads a model for its user, compiled where Keras can read how.

    Args:
        file: A ``.keras`` file that this program has written.
        spec: What the study calls the space.

    Raises:
        SpaceError: The space cannot be imported here.
    """
    import keras

    if not carried.is_carried(spec):
        find(spec)
    own = custom_objects(spec)
    try:
        return keras.models.load_model(file, own, safe_mode=False)
    except Exception:  # a loss or a metric that has no name to be found by
        return keras.models.load_model(file, own, compile=False, safe_mode=False)


def custom_objects(spec: str) -> dict[str, Any]:
    """Classes and functions that a loaded space may build its models of, by name.

    They are those that its module, and the user's modules beside it, define or import: where two
    have one name, the module's own.

    Args:
        spec: ``module:Class`` or ``path/to/file.py:Class``.
    """
    if carried.is_carried(spec):
        return {key: value for key, value in carried.parts(spec).items() if _may_be_part(value)}
    module = module_of(spec)
    found: dict[str, Any] = {}
    for each in [] if module is None else modules_beside(module):
        named = {key: value for key, value in vars(each).items() if _may_be_part(value)}
        own = {k: v for k, v in named.items() if v.__module__ == each.__name__}
        found = {**named, **found, **own}
    return found


def _may_be_part(value: Any) -> bool:
    package = str(getattr(value, "__module__", None) or "builtins").partition(".")[0]
    return callable(value) and package not in KNOWN
