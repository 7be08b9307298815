"""The results folder: where models, logs and, unless another storage is given, studies lie."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from tuner.errors import StorageError


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Names the folder where writing to it fails.

    Raises:
        StorageError: The body met an error of the operating system's.
    """
    try:
        yield
    except OSError as error:
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
        probe = results / f".probe-{os.getpid()}"
        probe.write_bytes(b"0" * 65_536)
        probe.unlink()
