"""Data sets out of one ``.npz`` file with ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.memory import ran_out, require_room
from tuner.data.raw import Raw
from tuner.data.sources.arrays import SINGLE, is_converted, raw_of
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.names import NEEDED, names_of
from tuner.errors import DataError


class NpzFile(Source):
    """An ``.npz`` file."""

    described: ClassVar[Mapping[str, str]] = {
        "FILE.npz": "arrays x_train, y_train, x_test, y_test; x_val and y_val where there are"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any file of that ending."""
        if not path.is_file() or path.suffix.lower() != ".npz":
            return None
        return Found(path.stem, identity_of(path, [path]), lambda: read(path))


def read(path: Path) -> Raw:
    """Read an ``.npz`` file.

    Examples are numbers of any shape, answers class numbers, class names or amounts; what else may
    be there, `tuner.data.sources.names` says.

    Raises:
        DataError: The file cannot be read, misses an array, or holds one of another kind, or it
            does not fit into memory.
    """
    return raw_of(str(path), _load(path))


def _load(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is no .npz file: save {', '.join(NEEDED)} with np.savez.")
    try:
        with np.load(path, allow_pickle=False) as file:
            names = names_of(str(path), file.files)
            require_room(f"The arrays of {path}", _needed(path, list(names.given.values())))
            return {key: file[key] for key in names.given.values()} | dict.fromkeys(
                names.unused, np.empty(0)
            )
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if ran_out(error):
            raise MemoryError from error
        if "pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which are never loaded: save plain arrays of "
                "numbers with np.savez."
            ) from error
        raise DataError(
            f"{path} cannot be read as an .npz file ({' '.join(str(error).split())}): save it anew."
        ) from error


def _needed(path: Path, keys: list[str]) -> int:
    """Bytes of all arrays in memory, as their headers say."""
    total = 0
    with zipfile.ZipFile(path) as archive:
        for key in keys:
            with archive.open(f"{key}.npy") as file:
                version = np.lib.format.read_magic(file)
                header = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    header = np.lib.format.read_array_header_2_0
                shape, _, dtype = header(file)
                total += math.prod(shape) * needed_for(dtype)
    return total


def needed_for(dtype: np.dtype[Any]) -> int:
    """Bytes that a number takes while it is read: as it is, and as it is kept."""
    return int(dtype.itemsize) + (SINGLE if is_converted(dtype) else 0)
