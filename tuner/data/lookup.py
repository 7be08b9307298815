"""From what a user gives as ``--data`` to a cached data set."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from tuner.basics import environment
from tuner.data import cache as store
from tuner.data.dataset import DataSet
from tuner.data.raw import Raw, check
from tuner.data.sources import folders, npz, official, parquet, shapes10
from tuner.errors import DataError

BUILTIN = ("cifar10", "mnist", "shapes10")
FORMAT = 1  # raise it when decoding or the cache's layout changes: older entries are then not found


def resolve(source: str, *, seed: int = 0, cache: Path | None = None) -> DataSet:
    """Find a data set, decode it where that has not been done yet, and split it.

    Args:
        source: ``cifar10``, ``mnist``, ``shapes10``, an ``.npz`` file, a folder with ``train/`` and
            ``test/`` of one folder a class, or a folder of ``train*.parquet`` and
            ``test*.parquet``. A builtin name wins over a folder of that name: write ``./mnist``.
        seed: Seed of the stratified split that keeps a tenth of the training images back for
            validation.
        cache: Folder for the decoded arrays; None for ``environment.cache_folder()``.

    Raises:
        DataError: There is no such data set, it breaks a rule, or the cache cannot be written.
        DataUnavailableError: An official archive is neither cached nor reachable.
    """
    folder = (environment.cache_folder() if cache is None else cache).absolute()
    name, parts, read = _reader(source, folder)
    fingerprint = _digest(FORMAT, seed, *parts)
    found = store.find(folder, fingerprint, name=name, source=source)
    if found is not None:
        return found
    with store.writing(folder), store.scratch(folder):
        pass  # a folder that cannot be written shall not cost the decoding first
    return store.store(
        folder,
        check(read(), source),
        seed=seed,
        fingerprint=fingerprint,
        name=name,
        source=source,
    )


def _reader(source: str, cache: Path) -> tuple[str, list[object], Callable[[], Raw]]:
    """Name of the data set, what identifies its content, and how to decode it."""
    if source == "shapes10":
        return source, [source, shapes10.VERSION], shapes10.generate
    if source in official.ARCHIVES:
        return source, [source], lambda: official.read(source, cache)
    if not source.strip():
        raise DataError(f"No data set given: name {', '.join(BUILTIN)}, or a file or folder.")
    try:
        path = Path(source).expanduser().resolve()
        if path.is_file() and path.suffix.lower() == ".npz":
            return path.stem, _identity(path, [path]), lambda: npz.read(path)
        if path.is_dir() and parquet.is_parquet(path):
            return path.name, _identity(path, parquet.files(path)), lambda: parquet.read(path)
        if path.is_dir() and folders.is_class_folders(path):
            return path.name, _identity(path, folders.files(path)), lambda: folders.read(path)
        raise _unknown(source, path)
    except (OSError, RuntimeError, ValueError) as error:  # also ~nobody and a null byte
        raise DataError(
            f"{source!r} cannot be read ({getattr(error, 'strerror', error)}): check the path and "
            "its permissions."
        ) from error


def _identity(root: Path, files: list[Path]) -> list[object]:
    entries = []
    for file in files:
        status = file.stat()
        entries.append((str(file.relative_to(root)), status.st_size, status.st_mtime_ns))
    return [str(root), entries]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _unknown(source: str, path: Path) -> DataError:
    if path.exists():
        return DataError(
            f"{source} is no data set: give an .npz file, a folder with train/ and test/ of one "
            "folder a class, or a folder of train*.parquet and test*.parquet."
        )
    near = difflib.get_close_matches(source.lower(), BUILTIN, n=1)
    hint = f"did you mean {near[0]}? Otherwise give" if near else "give"
    return DataError(
        f"No data set {source!r}: {hint} {', '.join(BUILTIN)}, or the path of a file or folder "
        "that exists."
    )
