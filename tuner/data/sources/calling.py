"""Calls a function of the user's that returns data, in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.causes import cause_of
from tuner.basics.child_process import Channel
from tuner.basics.code import is_users
from tuner.data.functions import call, guarded, is_stream, named
from tuner.data.sources.piped import describe
from tuner.errors import DataError

MOST_OPENED = 20_000
"""Files that are remembered; whoever reads more of them does better to say what changes."""
NOT_DATA = (".py", ".pyc", ".so", ".pyd", ".dll", ".pth")
ELSEWHERE = ("/proc", "/sys", "/dev", "/etc", "/usr", "/run")


def work(orders: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """What the child process does.

    Returns:
        ``arrays``: for each name the file it was saved in, a dict of files for several inputs;
        ``pipeline``: what its iterators give, where it returns such; ``opened``: files that it
        read, with size and time.

    Raises:
        DataError: The function cannot be called, fails, or returns something else.
    """
    text, folder = str(orders["text"]), Path(orders["folder"])
    sys.dont_write_bytecode = True  # nothing is left beside the user's file, nor found there stale
    opened = Opened(folder)
    returned = call(orders["spec"], text)
    found = named(text, returned)
    if any(is_stream(value) for value in found.values()):
        pipeline = guarded(text, lambda: describe(text, found, folder))
        return {"arrays": {}, "pipeline": pipeline, "opened": opened.files()}
    arrays = {}
    for number, (name, given) in enumerate(found.items()):
        arrays[name] = _saved(text, name, given, folder, str(number))
    return {"arrays": arrays, "pipeline": None, "opened": opened.files()}


def _saved(text: str, name: str, given: Any, folder: Path, stem: str) -> Any:
    if isinstance(given, Mapping):
        return {
            str(key): _saved(text, f"{name}[{key!r}]", each, folder, f"{stem}-{number}")
            for number, (key, each) in enumerate(given.items())
        }
    array = _array(text, name, given)
    np.save(folder / f"{stem}.npy", array)
    return f"{stem}.npy"


def _array(text: str, name: str, given: Any) -> np.ndarray[Any, Any]:
    """Anything that NumPy makes an array of; words in a column of objects are words."""
    try:
        array = np.asarray(given)
    except Exception as error:  # ragged lists, tensors on another device
        raise DataError(
            f"{text}: {name} is no array ({cause_of(error).rstrip('.')}): give one of numbers, all "
            "examples of one shape."
        ) from error
    if array.dtype.kind in "OT":
        flat = array.ravel()
        if len(flat) and all(isinstance(each, str) for each in flat):
            return array.astype(str)
        kinds = ", ".join(sorted({type(each).__name__ for each in flat[:1000]})[:3])
        raise DataError(
            f"{text}: {name} holds Python objects ({kinds}): give an array of numbers, all "
            "examples of one shape."
        )
    return array


class Opened:
    """Remembers the files that this process reads and the folders that it lists, from now on.

    Python's own calls are seen, also NumPy's and pandas'; what a library opens by itself is not.

    Args:
        own: A folder that does not count.
    """

    def __init__(self, own: Path) -> None:
        self._own = own
        self._paths: dict[str, None] = {}
        sys.addaudithook(self._saw)

    def _saw(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.listdir", "os.scandir") or len(self._paths) > MOST_OPENED:
            return
        path = arguments[0]
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = isinstance(mode, str) and not set(mode).isdisjoint("wax+")
            flagged = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            if writes or flagged:
                return
        if isinstance(path, str | bytes | os.PathLike):
            self._paths[os.fsdecode(path)] = None

    def files(self) -> list[tuple[str, int, int]]:
        """Path, bytes and time of each that is there; a folder has -1 bytes."""
        found = []
        for name in list(self._paths)[:MOST_OPENED]:
            path = Path(name).absolute()
            if path.suffix in NOT_DATA or not is_users(path) or _is_systems(path, self._own):
                continue
            try:
                status = path.stat()
            except (OSError, ValueError):
                continue
            found.append((str(path), -1 if path.is_dir() else status.st_size, status.st_mtime_ns))
        return found


def _is_systems(path: Path, own: Path) -> bool:
    cached = ".keras" in path.parts or ".cache" in path.parts or "__pycache__" in path.parts
    return cached or path.is_relative_to(own) or str(path).startswith(ELSEWHERE)
