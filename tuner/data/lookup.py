"""From what a user gives as ``--data`` to a cached data set."""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path

from tuner.basics import environment
from tuner.data import cache as store
from tuner.data.dataset import DataSet
from tuner.data.raw import check
from tuner.data.sources import BUILTIN, SOURCES, Found
from tuner.errors import DataError

FORMAT = 1  # raise it when decoding or the cache's layout changes: older entries are then not found


def resolve(source: str, *, seed: int = 0, cache: Path | None = None) -> DataSet:
    """Finds a data set, decodes it where that has not been done yet, and splits it.

    Args:
        source: What any of `tuner.data.sources.SOURCES` takes. A builtin name wins over a folder
            of that name: write ``./mnist``.
        seed: Seed of the stratified split that keeps a tenth of the training images back for
            validation.
        cache: Folder for the decoded arrays; None for ``environment.cache_folder()``.

    Raises:
        DataError: There is no such data set, it breaks a rule, or the cache cannot be written.
        DataUnavailableError: An official archive is neither cached nor reachable.
    """
    folder = _cache(cache)
    found = _find(source, folder)
    fingerprint = _digest(FORMAT, seed, *found.identity)
    known = store.find(folder, fingerprint, name=found.name, source=source)
    if known is not None:
        return known
    with store.writing(folder), store.scratch(folder):
        pass  # a folder that cannot be written shall not cost the decoding first
    return store.store(
        folder,
        check(found.read(), source),
        seed=seed,
        fingerprint=fingerprint,
        name=found.name,
        source=source,
    )


def open_again(source: str, content: str, *, seed: int = 0, cache: Path | None = None) -> DataSet:
    """Opens a data set that another process, perhaps on another machine, has found before.

    Args:
        source: What the user gave there.
        content: Its hash.
        seed: Seed of its split.
        cache: As in `resolve`.

    Raises:
        DataError: It is not to be had on this machine, or is another by now.
    """
    folder = _cache(cache)
    known = store.find_content(folder, content, seed, name=Path(source).stem, source=source)
    found = resolve(source, seed=seed, cache=cache) if known is None else known
    if found.hash != content:
        raise DataError(
            f"{source} holds other data here (hash {found.hash[:12]}) than where the study was "
            f"made (hash {content[:12]}); give the same with --data."
        )
    return found


def _cache(chosen: Path | None) -> Path:
    return (environment.cache_folder() if chosen is None else chosen).absolute()


def _find(text: str, cache: Path) -> Found:
    if not text.strip():
        raise DataError(f"No data set given: name {', '.join(BUILTIN)}, or a file or folder.")
    try:
        path = Path(text).expanduser().resolve() if text not in BUILTIN else Path(text)
        for source in SOURCES:
            if (found := source.find(text, path, cache)) is not None:
                return found
        raise _unknown(text, path)
    except (OSError, RuntimeError, ValueError) as error:  # also ~nobody and a null byte
        raise DataError(
            f"{text!r} cannot be read ({getattr(error, 'strerror', error)}): check the path and "
            "its permissions."
        ) from error


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
