"""Decoded arrays on disk, found again by content and by the fingerprint of their source.

    <cache>/data/<hash>-<seed>/   learn_images.npy (training part, then validation part), …
    <cache>/index/<fingerprint>.json   which of these folders a source became

Training and validation are slices of one file, so that worker processes share its pages.
Folders appear by rename, whole or not at all: two processes may store the same set at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tuner.basics.files import elsewhere, replace
from tuner.data.dataset import LEARN, TEST, DataSet, weights_file, x_file, y_file
from tuner.data.duplicates import count_shared
from tuner.data.kinds import InputsKind, kind_from
from tuner.data.look import answered
from tuner.data.normalization import normalization_of
from tuner.data.raw import Part, Raw
from tuner.data.split import order_of
from tuner.errors import DataError

META = "meta.json"
CHUNK = 2**25  # bytes written at a time: reordering never copies the whole array
ABANDONED_AFTER = 24 * 3600.0  # seconds; a killed process leaves its unfinished folder behind


def find(cache: Path, fingerprint: str, *, name: str, source: str) -> DataSet | None:
    """The data set that a source with this fingerprint became, or None."""
    try:
        entry = json.loads((cache / "index" / f"{fingerprint}.json").read_text())
        folder = cache / "data" / str(entry["folder"])
        notes = tuple(str(note) for note in entry.get("notes", ()))
        if not all(_is_as_it_was(*file) for file in entry.get("depends", ())):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    found = _read(folder, name, source)
    return None if found is None else dataclasses.replace(found, notes=notes)


def _is_as_it_was(path: str, size: int, time: int) -> bool:
    """Whether a file, or a folder (-1 bytes), has not changed since it was read."""
    try:
        status = Path(path).stat()
    except OSError:
        return False
    return status.st_mtime_ns == time and size in (-1, status.st_size)


def find_content(cache: Path, content: str, seed: int, *, name: str, source: str) -> DataSet | None:
    """The data set of this content and split, whatever source it came from, or None."""
    return _read(_folder(cache, content, seed), name, source)


def store(cache: Path, raw: Raw, *, seed: int, fingerprint: str, name: str, source: str) -> DataSet:
    """Split ``raw``, write it under its content hash and index it under ``fingerprint``.

    Raises:
        DataError: The cache folder cannot be written; nothing unfinished is left in it.
    """
    content = raw.content_hash()
    folder = _folder(cache, content, seed)
    with writing(cache):
        found = _read(folder, name, source)
        if found is None:
            _require_space(cache, raw)
            with scratch(cache) as unfinished:
                _write(unfinished, raw, content, seed)
                _publish(unfinished, folder)
            found = _read(folder, name, source)
        if found is None:
            raise OSError("what was written cannot be read back")
        _index(
            cache, fingerprint, {"folder": folder.name, "notes": raw.notes, "depends": raw.depends}
        )
    return dataclasses.replace(found, notes=raw.notes)


def _require_space(cache: Path, raw: Raw) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    if (
        raw.stream is None
        and sum(p.bytes for p in raw.parts.values()) > shutil.disk_usage(cache).free
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _folder(cache: Path, content: str, seed: int) -> Path:
    return cache / "data" / f"{content[:32]}-{seed}"


@contextlib.contextmanager
def writing(cache: Path) -> Iterator[None]:
    """Turn a failed write into one line that names the folder and the way out.

    Where another file is at fault, the line names that one.

    Raises:
        DataError: The body raised an OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if (other := elsewhere(error, cache)) is not None:
            raise DataError(
                f"{other} cannot be used ({reason}): check that it is there and its permissions."
            ) from error
        raise DataError(
            f"The cache folder {cache} cannot be written ({reason}): free some space there or set "
            "TUNER_CACHE to another folder."
        ) from error


@contextlib.contextmanager
def scratch(cache: Path) -> Iterator[Path]:
    """A folder on the cache's disk that is gone when the body ends, whatever happens.

    Raises:
        DataError: The cache folder cannot be written.
    """
    parent = cache / "unfinished"
    with writing(cache):
        parent.mkdir(parents=True, exist_ok=True)
        for old in parent.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - old.stat().st_mtime > ABANDONED_AFTER:
                    shutil.rmtree(old)
        folder = parent / uuid.uuid4().hex  # unlike tempfile's folders it obeys the umask
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, raw: Raw, content: str, seed: int) -> None:
    order, train_size = order_of(raw, seed)
    learning = [(raw.train, order)]
    if raw.validation is not None:
        learning.append((raw.validation, np.arange(len(raw.validation))))
    files = _save_part(folder, LEARN, learning, raw)
    files += _save_part(folder, TEST, [(raw.test, np.arange(len(raw.test)))], raw)
    learning_size = sum(len(rows) for _, rows in learning)
    kind = raw.train.kind
    meta = {
        "hash": content,
        "classes": raw.classes,
        "image_shape": kind.shape,
        "dtype": kind.dtype,
        "task": raw.task,
        "outputs": int(np.prod(raw.train.y.shape[1:], dtype=int)),
        "train_size": train_size,
        "validation_size": learning_size - train_size,
        "test_size": len(raw.test),
        "own_validation": raw.validation is not None,
        "weighted": _weighted(raw),
        "output_names": [name for name in raw.train.answers if raw.train.others],
        "pipeline": raw.stream is not None,
        "answered": answered(raw, order[:train_size], order[train_size:]),
        "normalization": _normalization(raw, order[:train_size]),
        "shared": _shared(raw),
        "bytes": {file: (folder / file).stat().st_size for file in files},
    }
    (folder / META).write_text(json.dumps(meta, indent=1))


def _normalization(raw: Raw, rows: np.ndarray[Any, Any]) -> Any:
    return None if raw.stream is not None else normalization_of(raw.train, rows)


def _shared(raw: Raw) -> int:
    if raw.stream is not None:
        return raw.stream.shared
    own = None if raw.validation is None else raw.validation.x
    return count_shared(raw.train.x, raw.test.x, own)


Rows = list[tuple[Part, np.ndarray[Any, Any]]]
"""Parts, and which rows of each, one behind the other."""


def _weighted(raw: Raw) -> bool:
    return any(part.weights is not None for part in raw.parts.values())


def _save_part(folder: Path, part: str, rows: Rows, raw: Raw) -> list[str]:
    """Writes the examples, answers and weights of a part; the names of the files."""
    files = []
    names = list(raw.train.arrays) if raw.stream is None else []
    for number, name in enumerate(names, int(isinstance(raw.train.kind, InputsKind))):
        files.append(x_file(part, number))
        _save(folder / files[-1], [(each.arrays[name], order) for each, order in rows])
    for number, output in enumerate(raw.train.answers):
        files.append(y_file(part, number))
        _save(folder / files[-1], [(each.answers[output], order) for each, order in rows])
    if _weighted(raw):
        files.append(weights_file(part))
        ones = [
            np.ones(len(each), np.float32) if each.weights is None else each.weights
            for each, _ in rows
        ]
        _save(folder / files[-1], [(w, order) for w, (_, order) in zip(ones, rows, strict=True)])
    return files


def _save(path: Path, parts: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]) -> None:
    """Rows of arrays of one type, one array behind the other, in one file."""
    first = parts[0][0]
    header = np.lib.format.header_data_from_array_1_0(np.empty((0, *first.shape[1:]), first.dtype))
    header["shape"] = (sum(len(order) for _, order in parts), *first.shape[1:])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for array, order in parts:
            rows = max(1, CHUNK // max(1, array[:1].nbytes))
            for start in range(0, len(order), rows):
                file.write(np.ascontiguousarray(array[order[start : start + rows]]).data)
        file.flush()
        os.fsync(file.fileno())


def _publish(unfinished: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        # Another process was faster, or what lies there is damaged.
        if _read(folder, "", "") is None:
            folder.rename(unfinished.with_name(f"{unfinished.name}-damaged"))
            shutil.rmtree(unfinished.with_name(f"{unfinished.name}-damaged"), ignore_errors=True)
            unfinished.rename(folder)


def _index(cache: Path, fingerprint: str, fields: dict[str, Any]) -> None:
    target = cache / "index" / f"{fingerprint}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch(cache) as unfinished:
        entry = unfinished / "entry.json"
        entry.write_text(json.dumps(fields))
        replace(entry, target)


def _read(folder: Path, name: str, source: str) -> DataSet | None:
    try:
        meta = json.loads((folder / META).read_text())
        for file, size in meta["bytes"].items():
            if (folder / file).stat().st_size != size:
                return None
        found = DataSet(
            name=name,
            source=source,
            hash=meta["hash"],
            classes=tuple(meta["classes"]),
            kind=kind_from(meta["image_shape"], meta.get("dtype", "uint8")),
            train_size=meta["train_size"],
            validation_size=meta["validation_size"],
            test_size=meta["test_size"],
            folder=folder,
            shared=meta.get("shared", 0),
            task=meta.get("task", "classification"),
            outputs=meta.get("outputs", 1),
            own_validation=meta.get("own_validation", False),
            weighted=meta.get("weighted", False),
            pipeline=meta.get("pipeline", False),
            answered=meta.get("answered", {}),
            output_names=tuple(meta.get("output_names", ())),
            normalization=meta.get("normalization"),
        )
        return found if "shared" in meta else _counted(found, meta)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError):
        return None


def _counted(data: DataSet, meta: dict[str, Any]) -> DataSet:
    """The data set with the number of shared examples, which older entries do not have."""
    counted = dataclasses.replace(data, shared=count_shared(data.learning()[0], data.test()[0]))
    with contextlib.suppress(OSError):  # a cache that only others may write to: counted each time
        written = data.folder / f"{META}.{uuid.uuid4().hex}"
        written.write_text(json.dumps(meta | {"shared": counted.shared}, indent=1))
        replace(written, data.folder / META)
    return counted
