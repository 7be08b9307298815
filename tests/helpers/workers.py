"""Stand-ins for a worker's process, for tests of what watches over it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import optuna

from tuner.basics.child_process import Channel
from tuner.errors import SpaceError
from tuner.launchers.backends import ONEDNN
from tuner.storages import claims
from tuner.workers.orders import EXIT_DONE


def die_once(fields: dict[str, Any], channel: Channel) -> None:
    """Dies by the signal that ``study_name`` names the first time, and ends well the second."""
    folder = Path(fields["results"])
    starts = len(list(folder.glob("start-*")))
    (folder / f"start-{starts}").write_text(fields["environment"][ONEDNN])
    if not starts:
        os.kill(os.getpid(), getattr(signal, fields["study_name"]))
    sys.exit(EXIT_DONE)


def die(fields: dict[str, Any], channel: Channel) -> None:
    """Dies every time."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave(fields: dict[str, Any], channel: Channel) -> None:
    """Ends in the midst of its work, and says that all is well, as a library's `exit` may."""
    os._exit(0)


def refuse(fields: dict[str, Any], channel: Channel) -> None:
    """Meets an error that ends the search."""
    raise SpaceError("the space has no floor")


def chatter(fields: dict[str, Any], channel: Channel) -> None:
    """Prints more than a pipe holds, as a user's build() may."""
    for _ in range(2_000):
        print("x" * 100)
    os.write(1, b"from C\n")
    sys.exit(EXIT_DONE)


def deaf(fields: dict[str, Any], channel: Channel) -> None:
    """Neither listens nor ends."""
    (Path(fields["results"]) / "started").touch()
    time.sleep(600)


def freeze_once(fields: dict[str, Any], channel: Channel) -> None:
    """Takes a trial and hangs where not even a heartbeat gets out; the second time ends well."""
    study = optuna.load_study(study_name=fields["study_name"], storage=fields["storage"])
    if study.trials:
        sys.exit(EXIT_DONE)
    claims.claim(study.ask({"width": optuna.distributions.IntDistribution(1, 9)}))
    os.kill(os.getpid(), signal.SIGSTOP)
