"""Data sets out of one ``.npz`` file with ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.raw import Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.errors import DataError

KEYS = ("x_train", "y_train", "x_test", "y_test")


class NpzFile(Source):
    """An ``.npz`` file."""

    described: ClassVar[Mapping[str, str]] = {
        "FILE.npz": "arrays x_train, y_train, x_test and y_test"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any file of that ending."""
        if not path.is_file() or path.suffix.lower() != ".npz":
            return None
        return Found(path.stem, identity_of(path, [path]), lambda: read(path))


def read(path: Path) -> Raw:
    """Read an ``.npz`` file; its classes are named after their labels.

    Images are uint8 [n, h, w] or [n, h, w, c] with 1, 3 or 4 channels (a fourth is alpha, dropped);
    floats are taken where all lie in 0 to 1, as ``round(255 x)``. Labels are whole numbers from 0,
    [n] or [n, 1].

    Raises:
        DataError: The file cannot be read, misses an array, or holds one of another kind.
    """
    arrays = _load(path)
    train_labels = _labels(path, "y_train", arrays["y_train"])
    classes = int(train_labels.max(initial=0)) + 1
    return Raw(
        train_images=_images(path, "x_train", arrays["x_train"]),
        train_labels=train_labels,
        test_images=_images(path, "x_test", arrays["x_test"]),
        test_labels=_labels(path, "y_test", arrays["y_test"]),
        classes=tuple(str(label) for label in range(min(classes, len(train_labels) + 1))),
    )


def _load(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is no .npz file: save {', '.join(KEYS)} with np.savez.")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in KEYS if key not in file.files]
            if missing:
                raise DataError(
                    f"{path} misses {', '.join(missing)}: it holds "
                    f"{', '.join(file.files) or 'nothing'} and needs {', '.join(KEYS)}."
                )
            return {key: file[key] for key in KEYS}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which are never loaded: save plain uint8 and "
                "integer arrays with np.savez."
            ) from error
        raise DataError(
            f"{path} cannot be read as an .npz file ({' '.join(str(error).split())}): save it anew."
        ) from error


def _images(path: Path, key: str, array: np.ndarray[Any, Any]) -> Images:
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, 4) or 0 in array.shape[1:]:
        raise DataError(
            f"{path}: {key} has shape {list(array.shape)}: give [n, h, w] or [n, h, w, c] with 1 "
            "or 3 channels last."
        )
    array = array[..., :3]
    if np.issubdtype(array.dtype, np.floating):
        if array.size and not (array.min() >= 0 and array.max() <= 1):  # NaN fails this as well
            raise DataError(
                f"{path}: {key} holds {array.dtype} from {array.min():g} to {array.max():g}: give "
                "uint8 from 0 to 255, or floats from 0 to 1."
            )
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise DataError(
            f"{path}: {key} holds {array.dtype}: give uint8 from 0 to 255, or floats from 0 to 1."
        )
    return array


def _labels(path: Path, key: str, array: np.ndarray[Any, Any]) -> Labels:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{path}: {key} holds {array.dtype} of shape {list(array.shape)}: give one whole "
            "number an image, counted from 0."
        )
    return array.astype(np.int64)
