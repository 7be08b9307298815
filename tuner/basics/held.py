"""What this process was given that no file holds, by the names that studies have for it.

Functions and classes of a notebook or of a running script: `tuner.spaces.carried` names them, and
sends them to other processes.
"""

from __future__ import annotations

import re
from typing import Any

from tuner.errors import SpaceError, TunerError

NAMED = re.compile(r"<notebook ([0-9a-f]{12})>:([A-Za-z_]\w*)")

HELD: dict[str, Any] = {}
"""What this process can use, by the name that a study has for it."""


def is_carried(spec: str) -> bool:
    """Whether what a study names is held by a process, not by a file."""
    return NAMED.fullmatch(spec) is not None


def is_held(spec: str) -> bool:
    """Whether this process was given what a study names."""
    return spec in HELD


def function_of(spec: str) -> str:
    """The function's name, of a study's name for it."""
    return spec.rpartition(":")[2]


def shown(spec: str) -> str:
    """What people call what a study names: a function of a notebook's by its name alone."""
    return function_of(spec) if is_carried(spec) else spec


def found(spec: str, failed: type[TunerError] = SpaceError) -> Any:
    """The function, class or hypermodel.

    Args:
        spec: What a study calls it.
        failed: The error to raise.

    Raises:
        TunerError: This process was not given it.
    """
    if spec not in HELD:
        raise failed(
            f"the function {function_of(spec)!r} is of a notebook or a script, which alone has it: "
            "run the cell that searches with it, and what needs it after that cell."
        )
    return HELD[spec]
