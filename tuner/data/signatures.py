"""Files of well-known data sets and formats, told by their name or their first bytes."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

MOST = 50
"""Files of a folder that are looked at."""

BATCHES = re.compile(r"(data_batch_\d|test_batch|batches\.meta)(\.bin|\.txt)?")
"""Of CIFAR-10's archives, in Python's form and in the binary one."""

IDX = re.compile(r"(?i).*(idx[13][-.]?ubyte|[-.]idx)(\.gz)?")
IDX_BEGINS = tuple(bytes([0, 0, kind, axes]) for kind in range(8, 15) for axes in (1, 3, 4))
CIFAR100 = frozenset({"train", "test", "meta"})

BEGINS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x89PNG\r\n": "a single image",
    b"\xff\xd8\xff": "a single image",
    b"SQLite format 3": "an SQLite database",
    b"PAR1": "one parquet file without its ending",
    b"%PDF": "a PDF file",
    b"\x80\x02": "a pickle, which could run any program when it is opened",
    b"\x80\x03": "a pickle, which could run any program when it is opened",
    b"\x80\x04": "a pickle, which could run any program when it is opened",
    b"\x80\x05": "a pickle, which could run any program when it is opened",
}
ARCHIVES_BEGIN = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
LONGEST = 16  # bytes of a file's beginning that are looked at


def beginning(path: Path) -> bytes:
    """The first bytes of a file; none of anything else."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(LONGEST)


def format_of(path: Path) -> str | None:
    """What a file is that its name says nothing of, as the end of "it is …"."""
    begin = beginning(path)
    return next((what for magic, what in BEGINS.items() if begin.startswith(magic)), None)


def is_archive(path: Path) -> bool:
    """Whether a file is an archive, whatever it is called."""
    return beginning(path).startswith(ARCHIVES_BEGIN)


def known_set(path: Path) -> tuple[str, str] | None:
    """Whether a file or folder is a well-known data set in its own format.

    Returns:
        What it is, as the end of "it is …", and how the same data is had.
    """
    inside = sorted(islice(path.iterdir(), MOST)) if path.is_dir() else [path]
    files = [file for file in inside if file.is_file()]
    if any(BATCHES.fullmatch(file.name) for file in files):
        return "CIFAR-10 in the format of its own archive", "give cifar10"
    if {file.name for file in files} >= CIFAR100 and all(map(format_of, files)):
        return "CIFAR-100 in the format of its own archive", "load it with keras.datasets.cifar100"
    if any(IDX.fullmatch(file.name) or beginning(file)[:4] in IDX_BEGINS for file in files):
        return "in the format IDX, as MNIST is published", "give mnist"
    return None
