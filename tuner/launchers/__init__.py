"""Launchers: each starts, watches, replaces and stops workers in its own way, one a module.

A new one is a module here and a line in `LAUNCHERS`. `supervision` watches over the crew of any of
them, and `silence` says which of its workers hang. Where processes of this machine run is decided
by `placement`, from what `tuner.basics` finds of this machine; what a worker does is
`tuner.workers`' matter.
"""

from __future__ import annotations

from typing import Literal

from tuner.basics.suggestions import suggestion
from tuner.errors import UsageError
from tuner.launchers.base import Launcher
from tuner.launchers.elsewhere import ElsewhereLauncher
from tuner.launchers.in_process import InProcessLauncher
from tuner.launchers.processes import ProcessLauncher
from tuner.launchers.ray import RayLauncher

__all__ = ["DEFAULT_LAUNCHER", "ELSEWHERE", "HERE", "LAUNCHERS", "Launcher", "launcher_for"]

LAUNCHERS: dict[str, Launcher] = {
    launcher.name: launcher for launcher in (ProcessLauncher(), RayLauncher())
}
"""By name."""
RAY = "ray://"
"""How the address of a Ray cluster begins."""
ELSEWHERE = ElsewhereLauncher()
"""Of a search that wants no workers of its own."""
HERE = InProcessLauncher()
"""Of a search whose user looks on."""
DEFAULT_LAUNCHER = LAUNCHERS["processes"]
"""Of a search that names none."""


def launcher_for(
    workers: int | Literal["auto"], on: str | None = None, *, in_process: bool = False
) -> Launcher:
    """What starts the workers of a search: nothing where it wants none of its own.

    Args:
        workers: How many it wants.
        on: A launcher's name, or the address of a Ray cluster; None: processes of this machine.
        in_process: Whether this very process is the only one.

    Raises:
        UsageError: There is no such launcher, or it is to start none, or several in this process.
    """
    if in_process:
        if workers not in ("auto", 1) or on is not None:
            given = f"workers={workers!r}" if on is None else f"on={on!r}"
            raise UsageError(f"in_process=True is one worker, this process, but got {given}.")
        return HERE
    if on is None:
        return ELSEWHERE if workers == 0 else DEFAULT_LAUNCHER
    if workers == 0:
        raise UsageError(f"--workers 0 starts no workers on {on}; leave one of the two out.")
    if on.startswith(RAY):
        return RayLauncher(on)
    if on not in LAUNCHERS:
        raise UsageError(
            f"nothing called {on!r} runs workers{suggestion(on, list(LAUNCHERS)) or '.'} "
            f"There are: {', '.join(LAUNCHERS)}, and {RAY}HOST:10001 for a Ray cluster."
        )
    return LAUNCHERS[on]
