"""Whether the models of a space can be kept in a file at all, tried before one is trained."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from tuner.basics.causes import cause_of
from tuner.basics.files import temporary_folder
from tuner.errors import SpaceError
from tuner.spaces.custom_objects import read_model

UNKNOWN = "Could not locate"
"""What Keras says of a class that it does not find."""
MEND_UNKNOWN = (
    "Define it at the top of a module, not inside a function, or decorate it with "
    "@keras.saving.register_keras_serializable()."
)
MEND_CONFIG = "Give its own layers a get_config() that returns their arguments."

_tried: set[str] = set()


def check_saving(model: Any, spec: str) -> None:
    """Saves a model and reads it back, once for each space in this process.

    Args:
        model: Of the space, built.
        spec: What the study calls the space.

    Raises:
        SpaceError: One of the two is not possible: what a search finds would be lost.
    """
    if spec in _tried:
        return
    with temporary_folder("model") as folder:
        file = Path(folder) / "model.keras"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model.save(file)
            except OSError:
                raise
            except Exception as error:
                raise SpaceError(
                    f"a model of {spec} cannot be saved: {cause_of(error).rstrip('.')}. "
                    "Mend its get_config(), or use layers that Keras can save."
                ) from error
            try:
                read_model(file, spec)
            except Exception as error:
                cause = cause_of(error)
                mend = MEND_UNKNOWN if UNKNOWN in cause else MEND_CONFIG
                raise SpaceError(
                    f"a saved model of {spec} cannot be read back: {cause.rstrip('.')}. {mend}"
                ) from error
    _tried.add(spec)
