"""Launchers: each starts, watches, replaces and stops workers in its own way, one a module.

A new one is a module here and a line in `LAUNCHERS`. `supervision` watches over the crew of any of
them, and `silence` says which of its workers hang. Where processes of this machine run is decided
by `placement`, from what `tuner.basics` finds of this machine; what a worker does is
`tuner.workers`' matter.
"""

from __future__ import annotations

from typing import Literal

from tuner.launchers.base import Launcher
from tuner.launchers.elsewhere import ElsewhereLauncher
from tuner.launchers.processes import ProcessLauncher

__all__ = ["DEFAULT_LAUNCHER", "ELSEWHERE", "LAUNCHERS", "Launcher", "launcher_for"]

LAUNCHERS: dict[str, Launcher] = {launcher.name: launcher for launcher in (ProcessLauncher(),)}
"""By name."""
ELSEWHERE = ElsewhereLauncher()
"""Of a search that wants no workers of its own."""
DEFAULT_LAUNCHER = LAUNCHERS["processes"]
"""Of a search that names none."""


def launcher_for(workers: int | Literal["auto"]) -> Launcher:
    """What starts the workers of a search: nothing where it wants none of its own."""
    return ELSEWHERE if workers == 0 else DEFAULT_LAUNCHER
