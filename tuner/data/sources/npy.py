"""Data sets out of a folder of ``.npy`` files, one an array, called as in an ``.npz`` file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.memory import ran_out, require_room
from tuner.data.raw import Raw
from tuner.data.sources.arrays import raw_of
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.names import NEEDED, meaning, names_of
from tuner.data.sources.npz import needed_for
from tuner.errors import DataError


class NpyFolder(Source):
    """A folder of ``.npy`` files."""

    described: ClassVar[Mapping[str, str]] = {
        "FOLDER of .npy": "the same arrays, each in a file of its name, as x_train.npy"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any folder that holds an array of a known name."""
        if not path.is_dir():
            return None
        found = files(path)
        if not any(meaning(file.stem) for file in found):
            return None
        return Found(path.name, identity_of(path, found), lambda: read(path))

    def nearly(self, text: str, path: Path) -> str | None:
        """One array without its folder, or arrays of other names."""
        found = files(path) if path.is_dir() else [path] * (path.suffix.lower() == ".npy")
        if not found:
            return None
        listed = ", ".join(p.name for p in found[:5]) + (", …" if len(found) > 5 else "")
        return (
            f"{text} has the arrays {listed}: call them x_train.npy, y_train.npy, x_test.npy and "
            "y_test.npy, in one folder, and give the folder."
        )


def files(folder: Path) -> list[Path]:
    """The arrays that lie in a folder, by name."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() == ".npy" and p.name[0] != ".")


def read(folder: Path) -> Raw:
    """Read the arrays of a folder.

    Raises:
        DataError: One cannot be read, is missing or of another kind, or they do not fit into
            memory.
    """
    found = {file.stem: file for file in files(folder)}
    names = names_of(str(folder), list(found))
    arrays: dict[str, Any] = {}
    for name in names.given.values():
        arrays[name] = _load(found[name])
    needed = (math.prod(a.shape) * needed_for(a.dtype) for a in arrays.values())
    require_room(f"The arrays of {folder}", sum(needed))
    return raw_of(str(folder), arrays | dict.fromkeys(names.unused, np.empty(0)))


def _load(file: Path) -> np.ndarray[Any, Any]:
    try:
        found: np.ndarray[Any, Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        if ran_out(error):
            raise MemoryError from error
        reason = " ".join(str(error).split())
        if "pickle" in reason or "Python objects" in reason:
            reason = "it holds Python objects, or is no array"
        raise DataError(
            f"{file} cannot be read as an array ({reason}): save {', '.join(NEEDED)} with np.save."
        ) from error
    return found
