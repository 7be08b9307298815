"""What child processes of tests run, and how to do without a process."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from importlib import import_module
from typing import Any

from tuner import errors
from tuner.basics.child_process import Channel
from tuner.workers import movement, rehearsal


def run_here(function: str, orders: Any, **_: Any) -> Any:
    """Instead of `tuner.basics.child_process.run`: the same without the process."""
    module, _, name = function.partition(":")
    called = getattr(import_module(module), name)
    channel = Channel(io.StringIO(), io.StringIO())
    return json.loads(json.dumps(called(json.loads(json.dumps(orders)), channel)))


def double(orders: int, channel: Channel) -> int:
    return 2 * orders


def variable(orders: str, channel: Channel) -> str | None:
    return os.environ.get(orders)


def chatter(orders: int, channel: Channel) -> str:
    """Prints so many bytes, more than a pipe holds, from Python and from below it."""
    print("{" * orders)
    os.write(1, b'{"answer": "of somebody else"}\n')
    os.write(2, b"a warning\n")
    return "the answer"


def ask(orders: Any, channel: Channel) -> str:
    """Asks a person, as a debugger in a user's code does."""
    return input("go on? ")


def refuse(orders: dict[str, str], channel: Channel) -> None:
    """Meets an error of ours."""
    raise getattr(errors, orders["kind"])(orders["text"])


def fail(orders: Any, channel: Channel) -> None:
    """Meets an error of nobody's."""
    print("something before it")
    raise ZeroDivisionError("a division that nobody expected")


def vanish(orders: int, channel: Channel) -> None:
    """Ends as a killed process does, without another word."""
    os._exit(orders)


def leave(orders: int, channel: Channel) -> None:
    sys.exit(orders)


def echo(orders: str, channel: Channel) -> str:
    """Answers each message at once, and says at the end how many there were."""
    count = 0
    for message in channel.messages():
        if message == "enough":
            break
        count += 1
        channel.say({"heard": [orders, message]})
    return f"{count} messages"


def sleep(orders: float, channel: Channel) -> None:
    channel.say("asleep")
    time.sleep(orders)


def files_of(orders: list[str], channel: Channel) -> list[str | None]:
    """Where modules come from."""
    return [import_module(name).__file__ for name in orders]


def rehearse_what_hangs(orders: Any, channel: Channel) -> None:
    """Loads a space, with less patience than there is."""
    movement.MOST_AT_ONCE = rehearsal.LOOK_SECONDS = 0.2
    rehearsal.IDLE_SECONDS = 3.0
    rehearsal.work(orders, channel)
