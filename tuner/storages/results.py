"""The results folder: where models, logs and, unless another storage is given, studies lie."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tuner.basics.files import elsewhere
from tuner.errors import StorageError


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Names the folder where writing to it fails, and another file where that one is at fault.

    Raises:
        StorageError: The body met an error of the operating system's.
    """
    try:
        yield
    except OSError as error:
        if (other := elsewhere(error, folder)) is not None:
            raise StorageError(
                f"cannot use {other!r}: {error.strerror or error}; check that it is there and its "
                "permissions."
            ) from error
        raise StorageError(
            f"cannot write to the results folder {str(folder)!r}: {error.strerror or error}; "
            "give another with --results or free some space."
        ) from error


def require_place(results: Path) -> None:
    """Looks whether the results folder can be made, and makes nothing.

    Raises:
        StorageError: It cannot.
    """
    with writing_to(results):
        there = results.absolute()
        while not there.exists():
            there = there.parent
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def prepare_results(results: Path) -> None:
    """Makes the results folder and proves that it can be written.

    Raises:
        StorageError: It cannot.
    """
    with writing_to(results):
        results.mkdir(parents=True, exist_ok=True)
        # Without a name, so that a process killed at this moment leaves nothing.
        with tempfile.TemporaryFile(dir=results) as probe:
            probe.write(b"0" * 65_536)
