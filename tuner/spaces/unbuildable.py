"""Configurations that no model has, because the examples are too small for them."""

from __future__ import annotations

from typing import Any

from tuner.errors import SpaceError
from tuner.spaces.exploration import Exploration
from tuner.spaces.hyperparameters import name_of

MANY = 0.25
"""Share of a space's configurations that cannot be built, from which on a user is told."""


def unbuildable(space: Any, found: Exploration, examples: str) -> str | None:
    """A line where many configurations cannot be built from such examples.

    Args:
        space: A keras-tuner hypermodel with ``describe``.
        found: What it holds.
        examples: What it is given, such as ``images of 2x2 with 1 channel``.

    Raises:
        SpaceError: Its defaults, with which every search begins, cannot be built.
    """
    count = len(found.refusals)
    if 0 in found.refusals:
        others = f" (nor can {count - 1} of {found.asked - 1} others)" if count > 1 else ""
        raise SpaceError(
            f"the defaults of {name_of(space)} cannot be built from {examples}{others}: "
            f"{found.refusals[0].rstrip('.')}; make them larger, or use another space."
        )
    if count < MANY * found.asked:
        return None
    reason = next(iter(found.refusals.values())).rstrip(".")
    return (
        f"{count} of {found.asked} configurations of {name_of(space)} cannot be built from "
        f"{examples}: {reason}. They are passed over."
    )
