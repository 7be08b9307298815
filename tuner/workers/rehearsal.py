"""Loads a study's space once, in a process of its own, before anything of the study is stored."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from tuner.basics.child_process import EXIT_ERROR, Channel
from tuner.basics.importing import find
from tuner.errors import SpaceError
from tuner.workers.movement import LOOK_SECONDS, Movement, whereabouts

WORK = "tuner.workers.rehearsal:work"
"""What the process runs."""
IDLE_SECONDS = 120.0
"""For so long a space may wait for something, with somebody waiting for it."""


def work(orders: dict[str, Any], channel: Channel) -> None:
    """Imports the space, makes it for the study's data, and asks it for configurations.

    Args:
        orders: The ``study`` as it is stored, and for each of its ``data`` sets what
            `tuner.data.open_again` takes.
        channel: Its end means that whoever waits for this is dead.

    Raises:
        SpaceError: The space cannot be used.
    """
    space = str(orders["study"]["space"])
    threading.Thread(target=_listen, args=(channel,), daemon=True).start()
    threading.Thread(target=_watch, args=(channel, space), daemon=True).start()
    find(space)
    # Keras takes seconds: a space that cannot be imported is told of before.
    from tuner.data import open_again
    from tuner.spaces.fits import has_own_fit
    from tuner.specs.spec import from_dict
    from tuner.workers import looks, prepare

    spec = from_dict(orders["study"])
    data = {key: open_again(**reference) for key, reference in orders["data"].items()}
    spaces = {key: prepare.load(spec, d) for key, d in data.items()}
    found, _ = prepare.explored(spaces, data)
    if not any(map(has_own_fit, spaces.values())):
        looks.check_settings(found, data.values())
    for key, space in spaces.items():
        looks.check_training(spec, space, data[key])


def _listen(channel: Channel) -> None:
    for _ in channel.messages():
        pass
    os._exit(0)


def _watch(channel: Channel, space: str) -> None:
    """Ends this process where the space hangs, and says so."""
    movement = Movement(idle=IDLE_SECONDS)
    while True:
        time.sleep(LOOK_SECONDS)
        if (why := movement.hangs()) is not None:
            channel.refuse(
                SpaceError(
                    f"the search space {space!r} cannot be used: it {why}, at {whereabouts()}; "
                    "mend it."
                )
            )
            os._exit(EXIT_ERROR)
