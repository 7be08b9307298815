"""Launchers: each starts, watches, replaces and stops workers in its own way, one a module.

A new one is a module here and a line in `LAUNCHERS`. `supervision` watches over the crew of any of
them, and `silence` says which of its workers hang. Where processes of this machine run is decided
by `placement`, from what `tuner.basics` finds of this machine; what a worker does is
`tuner.workers`' matter.
"""

from __future__ import annotations

from tuner.launchers.base import Launcher
from tuner.launchers.processes import ProcessLauncher

__all__ = ["DEFAULT_LAUNCHER", "LAUNCHERS", "Launcher"]

LAUNCHERS: dict[str, Launcher] = {launcher.name: launcher for launcher in (ProcessLauncher(),)}
"""By name."""
DEFAULT_LAUNCHER = LAUNCHERS["processes"]
"""Of a search that names none."""
