"""Data sets out of one ``.npz`` file with ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

from __future__ import annotations

import itertools
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.memory import ran_out, require_room
from tuner.data.raw import Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.errors import DataError

KEYS = ("x_train", "y_train", "x_test", "y_test")
KINDS = {
    "x": frozenset({"x", "image", "images", "img", "imgs", "data", "inputs", "features", "pixels"}),
    "y": frozenset({"y", "label", "labels", "lbl", "target", "targets", "class", "classes"}),
}
"""What people call images and labels, beside "train" and "test"."""
ROWS = 2**24  # numbers converted at a time
ALPHA = 4  # channels of an image that has alpha


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

    def nearly(self, text: str, path: Path) -> str | None:
        """Arrays in files of their own."""
        if path.is_dir():
            found = sorted(p.name for p in path.glob("*.npy"))
        else:
            found = [path.name] if path.suffix.lower() == ".npy" else []
        if not found:
            return None
        listed = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
        return (
            f"{text} has the arrays {listed}: save all four in one file with np.savez('images.npz'"
            ", x_train=…, y_train=…, x_test=…, y_test=…) and give that."
        )


def read(path: Path) -> Raw:
    """Read an ``.npz`` file; its classes are named after their labels.

    Images are uint8 [n, h, w] or [n, h, w, c] with 1, 3 or 4 channels (a fourth is alpha, laid on
    white); floats are taken where all lie in 0 to 1, as ``round(255 x)``, and a note says so.
    Labels are whole numbers from 0, [n] or [n, 1].

    Raises:
        DataError: The file cannot be read, misses an array, or holds one of another kind, or it
            does not fit into memory.
    """
    arrays = _load(path)
    floats = [key for key in ("x_train", "x_test") if _floating(arrays[key])]
    train_labels = _labels(path, "y_train", arrays["y_train"])
    classes = int(train_labels.max(initial=0)) + 1
    return Raw(
        train_images=_images(path, "x_train", arrays.pop("x_train")),
        train_labels=train_labels,
        test_images=_images(path, "x_test", arrays.pop("x_test")),
        test_labels=_labels(path, "y_test", arrays["y_test"]),
        classes=tuple(str(label) for label in range(min(classes, len(train_labels) + 1))),
        named=False,
        notes=_notes(path, floats),
    )


def _notes(path: Path, floats: list[str]) -> tuple[str, ...]:
    if not floats:
        return ()
    return (
        f"{path.name}: {' and '.join(floats)} hold{'s' if len(floats) == 1 else ''} floats from 0 "
        "to 1, which models are given as pixels from 0 to 255: begin a model of your own with "
        "Rescaling(1 / 255).",
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
                    f"{', '.join(file.files) or 'nothing'} and needs {', '.join(KEYS)}"
                    f"{_meant(missing, file.files)}."
                )
            require_room(f"The arrays of {path}", _needed(path))
            return {key: file[key] for key in KEYS}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if ran_out(error):
            raise MemoryError from error
        if "pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which are never loaded: save plain uint8 and "
                "integer arrays with np.savez."
            ) from error
        raise DataError(
            f"{path} cannot be read as an .npz file ({' '.join(str(error).split())}): save it anew."
        ) from error


def _meant(missing: list[str], names: list[str]) -> str:
    """How to save arrays of other names."""
    renamed: dict[str, str] = {}
    for name in names:
        words = frozenset(re.findall(r"[a-z]+", re.sub(r"(?i)(train|test)", r" \1 ", name).lower()))
        for part, kind in itertools.product(("train", "test"), KINDS):
            if part in words and words & KINDS[kind]:
                renamed.setdefault(f"{kind}_{part}", name)
    if all(key in renamed for key in missing):
        return "; save " + ", ".join(f"{renamed[key]} as {key}" for key in missing)
    if names and all(re.fullmatch(r"arr_\d+", name) for name in names):
        return "; np.savez keeps names that are given, as in np.savez(file, x_train=images)"
    if len(names) == 2:
        return "; divide its examples into those to train on and those to test on"
    return ""


def _needed(path: Path) -> int:
    """Bytes of all arrays in memory, as their headers say."""
    total = 0
    with zipfile.ZipFile(path) as archive:
        for key in KEYS:
            with archive.open(f"{key}.npy") as file:
                version = np.lib.format.read_magic(file)
                header = np.lib.format.read_array_header_1_0
                if version != (1, 0):
                    header = np.lib.format.read_array_header_2_0
                shape, _, dtype = header(file)
                total += math.prod(shape) * (dtype.itemsize + int(dtype.kind == "f"))
    return total


def _floating(array: np.ndarray[Any, Any]) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating))


def _images(path: Path, key: str, array: np.ndarray[Any, Any]) -> Images:
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, ALPHA) or 0 in array.shape[1:]:
        first = array.ndim == 4 and array.shape[1] in (1, 3, ALPHA)
        hint = f"; {key}.transpose(0, 2, 3, 1) puts them there" if first else ""
        raise DataError(
            f"{path}: {key} has shape {list(array.shape)}: give [n, h, w] or [n, h, w, c] with 1 "
            f"or 3 channels last{hint}."
        )
    if _floating(array):
        _check_floats(path, key, array)
    elif array.dtype != np.uint8:
        fits = array.dtype.kind in "iu" and array.size and array.min() >= 0 and array.max() <= 255
        hint = f"; {key}.astype('uint8') does" if fits else ""
        if array.dtype.kind == "b":
            hint = f"; {key}.astype('uint8') * 255 makes them of masks"
        raise DataError(
            f"{path}: {key} holds {array.dtype}: give uint8 from 0 to 255, or floats from 0 to "
            f"1{hint}."
        )
    return _converted(array)


def _range(array: np.ndarray[Any, Any]) -> tuple[float, float]:
    """The least and the largest number, a few images at a time: a signal is answered in between."""
    rows = max(1, ROWS // max(1, math.prod(array.shape[1:])))
    parts = [array[start : start + rows] for start in range(0, len(array), rows)]
    return float(np.min([p.min() for p in parts])), float(np.max([p.max() for p in parts]))


def _check_floats(path: Path, key: str, array: np.ndarray[Any, Any]) -> None:
    if not array.size:
        return
    low, high = _range(array)
    if not (low >= 0 and high <= 1):  # NaN fails this as well
        hint = ""
        if low >= 0 and high <= 255:
            hint = f"; divide {key} by 255"
        elif low >= -1 and high <= 1:
            hint = f"; ({key} + 1) / 2 undoes a scale from -1 to 1"
        elif np.isfinite(low) and np.isfinite(high):
            hint = "; save them as they were before they were standardised"
        raise DataError(
            f"{path}: {key} holds {array.dtype} from {low:g} to {high:g}: give uint8 from 0 to "
            f"255, or floats from 0 to 1{hint}."
        )
    if 0 < high <= 1.001 / 255:
        raise DataError(
            f"{path}: {key} holds {array.dtype} from {low:g} to {high:g} only, as if it had been "
            "divided by 255 twice: divide once, so that they reach 1."
        )


def _converted(array: np.ndarray[Any, Any]) -> Images:
    """Floats to bytes and alpha to white, a few images at a time."""
    channels = array.shape[-1] if array.shape[-1] != ALPHA else 3
    if array.dtype == np.uint8 and channels == array.shape[-1]:
        return array
    images = np.empty((*array.shape[:-1], channels), np.uint8)
    rows = max(1, ROWS // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        scaled = np.rint(part * 255) if _floating(part) else part.astype(np.float32)
        if array.shape[-1] == ALPHA:
            alpha = scaled[..., 3:] / 255
            scaled = np.rint(scaled[..., :3] * alpha + 255 * (1 - alpha))
        images[start : start + rows] = scaled
    return images


def _labels(path: Path, key: str, array: np.ndarray[Any, Any]) -> Labels:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{path}: {key} holds {array.dtype} of shape {list(array.shape)}: give one whole "
            f"number an image, counted from 0{_hint(key, array)}."
        )
    if array.size and int(array.max()) > np.iinfo(np.int64).max:
        raise DataError(
            f"{path}: {key} holds the label {array.max()}, which is too large to number a class: "
            f"number them 0, 1, 2, …; np.unique({key}, return_inverse=True)[1] does."
        )
    return array.astype(np.int64)


def _hint(key: str, array: np.ndarray[Any, Any]) -> str:
    if array.ndim == 2 and array.size and array.dtype.kind in "fiub":
        if ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all():
            return f"; {key}.argmax(1) makes them of these one-hot rows"
    elif array.ndim == 1 and array.dtype.kind in "US":
        return f"; np.unique({key}, return_inverse=True)[1] makes them of names"
    elif array.ndim == 1 and array.dtype.kind == "f" and not np.isfinite(array).all():
        missing = int((~np.isfinite(array)).sum())
        return f"; {missing:,} are NaN or infinite: give them a class, or take these images out"
    elif array.ndim == 1 and array.dtype.kind == "f" and (array % 1 != 0).any():
        return "; these are not whole: only classes can be learned, not amounts"
    elif array.ndim == 1 and array.dtype.kind in "fb":
        return f"; {key}.astype(int) makes them of whole {array.dtype} numbers"
    return ""
