"""The hyperparameters that the training itself reads, whatever the search space.

Any space may have them: ``batch_size``, and the augmentations ``flip``, ``shift`` and ``cutout``.
A space's own hyperparameter of such a name, with another meaning, would change the training without
anybody having asked for it. So values that cannot have the training's meaning are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuner.errors import SpaceError
from tuner.training.augmentation import Augmentation
from tuner.training.loop import DEFAULT_BATCH_SIZE

MEANINGS = {
    "batch_size": "the images of a minibatch, a whole number from 1 on",
    "flip": "whether images are mirrored, true or false",
    "shift": "the largest shift in pixels, a whole number from 0 on",
    "cutout": "the side in pixels of the square that is cut out, a whole number from 0 on",
}
"""What each of these hyperparameters means to the training."""


@dataclass(frozen=True)
class Settings:
    """How a configuration is trained.

    Attributes:
        batch_size: Images of a minibatch.
        augmentation: What is done to every training image.
    """

    batch_size: int
    augmentation: Augmentation


def read_settings(values: Mapping[str, Any]) -> Settings:
    """Reads the training's hyperparameters among those of a configuration.

    Args:
        values: By keras-tuner's names; one that is absent or None takes its default: minibatches of
            `DEFAULT_BATCH_SIZE`, and no augmentation.

    Raises:
        SpaceError: A value cannot mean what the training takes it for.
    """
    return Settings(
        batch_size=_count(values, "batch_size", 1, DEFAULT_BATCH_SIZE),
        augmentation=Augmentation(
            flip=_switch(values, "flip"),
            shift=_count(values, "shift", 0, 0),
            cutout=_count(values, "cutout", 0, 0),
        ),
    )


def _switch(values: Mapping[str, Any], name: str) -> bool:
    """True or false; keras-tuner makes 1 and 0 of a choice between the two."""
    value = values.get(name)
    if value is None:
        return False
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    raise _refusal(name, value)


def _count(values: Mapping[str, Any], name: str, least: int, default: int) -> int:
    value = values.get(name)
    if value is None:
        return default
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and value >= least and float(value).is_integer():
        return int(value)
    raise _refusal(name, value)


def _refusal(name: str, value: Any) -> SpaceError:
    return SpaceError(
        f"hyperparameter {name!r} is {value!r}, but the training reads it as {MEANINGS[name]}; "
        "give yours another name."
    )
