"""Loads a study's space once, in a process of its own, before anything of the study is stored."""

from __future__ import annotations

import os
import threading
from typing import Any

from tuner.basics.child_process import Channel
from tuner.spaces.importing import find

WORK = "tuner.workers.rehearsal:work"
"""What the process runs."""


def work(orders: dict[str, Any], channel: Channel) -> None:
    """Imports the space, makes it for the study's data, and asks it for configurations.

    Args:
        orders: The ``study`` as it is stored, and for each of its ``data`` sets what
            `tuner.data.open_again` takes.
        channel: Its end means that whoever waits for this is dead.

    Raises:
        SpaceError: The space cannot be used.
    """
    threading.Thread(target=_listen, args=(channel,), daemon=True).start()
    find(orders["study"]["space"])
    # Keras takes seconds: a space that cannot be imported is told of before.
    from tuner.data import open_again
    from tuner.specs.spec import from_dict
    from tuner.workers import prepare

    spec = from_dict(orders["study"])
    data = {key: open_again(**reference) for key, reference in orders["data"].items()}
    found, _ = prepare.explored({key: prepare.load(spec, d) for key, d in data.items()}, data)
    prepare.check_settings(found)


def _listen(channel: Channel) -> None:
    for _ in channel.messages():
        pass
    os._exit(0)
