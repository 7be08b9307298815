"""A cached data set for another machine: its files as they are, into that machine's cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tuner.basics import environment
from tuner.data.cache import _publish, scratch, writing
from tuner.data.dataset import DataSet

CHUNK = 2**26
"""Bytes that are sent in one piece."""


def packed(data: DataSet) -> dict[str, list[bytes]]:
    """The files of a data set by name, each in pieces."""
    files = sorted(file for file in data.folder.iterdir() if file.is_file())
    return {file.name: _pieces(file) for file in files}


def unpack(folder: str, files: Mapping[str, list[bytes]], cache: Path | None = None) -> None:
    """Puts a data set into this machine's cache, whole or not at all.

    Args:
        folder: The name of its folder in the cache, which holds the hash of its content.
        files: As `packed` gave them.
        cache: The cache; None for ``environment.cache_folder()``.

    Raises:
        DataError: The cache cannot be written.
    """
    at = (environment.cache_folder() if cache is None else cache).absolute()
    with writing(at), scratch(at) as unfinished:
        for name, pieces in files.items():
            with (unfinished / Path(name).name).open("wb") as opened:
                opened.writelines(pieces)
        _publish(unfinished, at / "data" / Path(folder).name)


def _pieces(file: Path) -> list[bytes]:
    with file.open("rb") as opened:
        return list(iter(lambda: opened.read(CHUNK), b""))
