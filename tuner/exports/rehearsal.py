"""An export of a space's default model, tried beside a search's first trainings.

What cannot be converted is known then, and not after the search. It is tried for the formats whose
converters are installed, in a process that takes only what processors have to spare.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from tuner.basics.child_process import Child
from tuner.basics.environment import tries_exports
from tuner.errors import TunerError
from tuner.exports.export import can_convert, conversion_environment
from tuner.exports.orders import FORMATS, Format
from tuner.spaces.carried import parcel

OURS = "search_spaces."
"""Spaces of this begin so; their exports are tested."""


def formats() -> list[Format]:
    """Those that take a converter, and whose converter is installed."""
    return [f for f in FORMATS if f != "keras" and can_convert(f)]


class Rehearsal:
    """A try that runs by itself.

    Args:
        space: Arguments of `tuner.spaces.loading.load_space`.
    """

    def __init__(self, space: dict[str, Any]) -> None:
        ours = space["spec"].startswith(OURS)
        wanted = formats() if tries_exports() and not ours else []
        self._child: Child | None = None
        if wanted:
            orders = {"space": space, "formats": wanted, "carried": parcel(space["spec"])}
            with contextlib.suppress(OSError):  # no process to be had: the search says so itself
                self._child = Child(
                    "tuner.exports.process:rehearse",
                    orders,
                    environment=conversion_environment(),
                    apart=True,
                )

    def news(self) -> Sequence[str]:
        """A line for each format that the model cannot be converted to; each is given once."""
        if self._child is None or self._child.code is None:
            return []
        child, self._child = self._child, None
        try:
            found = child.close()
        except TunerError:  # of the space, which whoever trains says better
            return []
        return [f"what this search finds cannot be exported as it is: {why}" for why in found or ()]

    def stop(self) -> None:
        """Ends it, where it still runs."""
        if self._child is not None:
            self._child.kill()
            self._child = None
