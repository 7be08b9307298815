"""From what a user gives as ``--data`` to a cached data set."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from itertools import islice
from pathlib import Path, PurePath

from tuner.basics import environment
from tuner.data import cache as store
from tuner.data import mistakes
from tuner.data.dataset import DataSet
from tuner.data.labels import relabelled
from tuner.data.memory import available, gigabytes
from tuner.data.rules import check
from tuner.data.sources import BUILTIN, SOURCES, Found
from tuner.errors import DataError

WANTED = (
    "give an .npz file, a folder with train/ and test/ of one folder a class, or a folder of "
    "train*.parquet and test*.parquet."
)
LONGEST_NAME = 100
MOST_LOOKED_AT = 200  # files and folders within a folder that is no data set
FORMAT = 1  # raise it when decoding or the cache's layout changes: older entries are then not found


def resolve(
    source: str, *, seed: int = 0, relabel: bool = False, cache: Path | None = None
) -> DataSet:
    """Finds a data set, decodes it where that has not been done yet, and splits it.

    Args:
        source: What any of `tuner.data.sources.SOURCES` takes. A builtin name wins over a folder
            of that name: write ``./mnist``.
        seed: Seed of the stratified split that keeps a tenth of the training examples back for
            validation, where there is no validation set.
        relabel: Whether to number the classes anew, 0, 1, 2, … in the order of their labels.
        cache: Folder for the decoded arrays; None for ``environment.cache_folder()``.

    Raises:
        DataError: There is no such data set, it breaks a rule, or the cache cannot be written.
        DataUnavailableError: An official archive is neither cached nor reachable.
    """
    try:
        data = _resolved(source, seed, relabel, _cache(cache))
    except DataError as error:
        raise type(error)(_printable(str(error))) from error
    return dataclasses.replace(data, relabel=relabel)


def _resolved(source: str, seed: int, relabel: bool, cache: Path) -> DataSet:
    found = _find(source, cache)
    changes = ("relabel",) if relabel else ()
    fingerprint = _digest(FORMAT, seed, *found.identity, *changes)
    name = _name(found)
    known = store.find(cache, fingerprint, name=name, source=source)
    if known is not None:
        return known
    with store.scratch(cache):
        pass  # a folder that cannot be written shall not cost the decoding first
    try:
        raw = found.read()
        return store.store(
            cache,
            check(relabelled(raw, source) if relabel else raw, source),
            seed=seed,
            fingerprint=fingerprint,
            name=name,
            source=source,
        )
    except MemoryError as error:
        raise DataError(
            f"{source} does not fit into memory, of which {gigabytes(available())} are free now: "
            "make the examples smaller, or take fewer."
        ) from error


def open_again(
    source: str, content: str, *, seed: int = 0, relabel: bool = False, cache: Path | None = None
) -> DataSet:
    """Opens a data set that another process, perhaps on another machine, has found before.

    Args:
        source: What the user gave there.
        content: Its hash.
        seed: Seed of its split.
        relabel: As in `resolve`.
        cache: As in `resolve`.

    Raises:
        DataError: It is not to be had on this machine, or is another by now.
    """
    folder = _cache(cache)
    name = _called(source)
    known = store.find_content(folder, content, seed, name=name, source=source)
    if known is not None:
        return dataclasses.replace(known, relabel=relabel)
    found = resolve(source, seed=seed, relabel=relabel, cache=cache)
    if found.hash != content:
        raise DataError(
            f"{source} holds other data here (hash {found.hash[:12]}) than where the study was "
            f"made (hash {content[:12]}); give the same with --data."
        )
    return found


def _called(source: str) -> str:
    """What a data set is called after: a file, or the file of a function."""
    return PurePath(source.rpartition(":")[0] if ".py:" in source else source).stem


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
        raise _unknown(text, path, cache)
    except (OSError, RuntimeError, ValueError) as error:  # also ~nobody and a null byte
        at_fault = getattr(error, "filename", None) or text  # a file within it, perhaps
        raise DataError(
            f"{str(at_fault)!r} cannot be read ({getattr(error, 'strerror', error)}): check the "
            "path and its permissions."
        ) from error


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _name(found: Found) -> str:
    """What to call a data set where a folder and a row of a database are called after it."""
    plain = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in found.name)
    return plain.strip()[:LONGEST_NAME] or "data"


def _printable(message: str) -> str:
    """One line: a file's name may hold line breaks, and bytes that are no text."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def _unknown(text: str, path: Path, cache: Path) -> DataError:
    """Why nothing reads what a user gave, and what to give instead."""
    if (line := mistakes.address(text) or mistakes.broken_link(text)) is not None:
        return DataError(line)
    if path.exists():
        for source in SOURCES:
            if (line := source.nearly(text, path)) is not None:
                return DataError(line)
        if (inner := _within(path, cache)) is not None:
            return DataError(f"{text} is no data set, but {inner} in it is: give that path.")
        line = mistakes.other_file(text, path) or _nearly_within(path)
        return DataError(line or f"{text} is no data set: {WANTED}")
    if (line := mistakes.bare_address(text) or mistakes.known_elsewhere(text)) is not None:
        return DataError(line)
    near = difflib.get_close_matches(text.lower().rpartition("/")[2], BUILTIN, n=1)
    beside = mistakes.beside(path)
    hint = f"did you mean {near[0]}? Otherwise give" if near else "give"
    if beside is not None and not near:
        hint = f"did you mean {beside}? Otherwise give"
    return DataError(
        f"No data set {text!r}: {hint} {', '.join(BUILTIN)}, or the path of a file or folder "
        "that exists."
    )


def _within(folder: Path, cache: Path) -> Path | None:
    """A data set that lies in a folder, or one folder deeper."""
    if not folder.is_dir():
        return None
    for depth in ("*", "*/*"):
        for inner in islice(sorted(folder.glob(depth)), MOST_LOOKED_AT):
            if any(source.find(str(inner), inner, cache) is not None for source in SOURCES):
                return inner
    return None


def _nearly_within(folder: Path) -> str | None:
    """A line for what only looks like a data set and lies in a folder."""
    if not folder.is_dir():
        return None
    inner = islice(sorted(p for p in folder.iterdir() if p.is_dir()), MOST_LOOKED_AT)
    lines = (source.nearly(str(each), each) for each in inner for source in SOURCES)
    return next((line for line in lines if line is not None), None)
