"""Data sets out of a folder: ``train/`` and ``test/`` with one folder of images a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from tuner.data.raw import Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.decode import decode, stack
from tuner.errors import DataError

IGNORED = frozenset({"thumbs.db", "desktop.ini"})  # left by file managers


class ClassFolders(Source):
    """A folder with ``train/`` and ``test/`` of one folder of images a class."""

    described: ClassVar[Mapping[str, str]] = {
        "FOLDER": "train/ and test/, of one folder of images a class"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any folder that has one of the two."""
        if not path.is_dir() or not is_class_folders(path):
            return None
        return Found(path.name, identity_of(path, files(path)), lambda: read(path))


def is_class_folders(folder: Path) -> bool:
    """Whether ``folder`` has the layout that this module reads."""
    return (folder / "train").is_dir() or (folder / "test").is_dir()


def files(folder: Path) -> list[Path]:
    """Every image file of the layout, training files first, sorted by class and name."""
    return [
        file
        for part in ("train", "test")
        for kind in _folders(folder / part)
        for file in _images(kind)
    ]


def read(folder: Path) -> Raw:
    """Read and decode every image; classes are the names of the folders, sorted.

    Raises:
        DataError: ``train/`` or ``test/`` is missing, their classes differ, or an image cannot be
            read or differs in size.
    """
    for part in ("train", "test"):
        if not (folder / part).is_dir():
            raise DataError(f"{folder} has no folder {part}/: add it, with one folder a class.")
    classes = _class_names(folder)
    train = [
        (file, label)
        for label, name in enumerate(classes)
        for file in _images(folder / "train" / name)
    ]
    test = [
        (file, label)
        for label, name in enumerate(classes)
        for file in _images(folder / "test" / name)
    ]
    encoded = _encoded(file for file, _ in train + test)
    images = decode(encoded)
    train_images, test_images = stack((images[: len(train)], images[len(train) :]))
    return Raw(
        train_images=train_images,
        train_labels=np.array([label for _, label in train], np.int64),
        test_images=test_images,
        test_labels=np.array([label for _, label in test], np.int64),
        classes=classes,
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    train, test = ({kind.name for kind in _folders(folder / part)} for part in ("train", "test"))
    if not train:
        raise DataError(f"{folder / 'train'} holds no class folders: put each class in its own.")
    if train != test:
        raise DataError(
            f"{folder}: the class folders of train/ and test/ differ: "
            f"{_listed(train - test)} only in train/, {_listed(test - train)} only in test/; "
            "give both the same."
        )
    return tuple(sorted(train))


def _listed(names: set[str]) -> str:
    shown = sorted(names)[:5]
    more = [f"{len(names) - 5} more"] if len(names) > 5 else []
    return ", ".join(shown + more) or "none"


def _folders(part: Path) -> list[Path]:
    if not part.is_dir():
        return []
    return sorted(kind for kind in part.iterdir() if kind.is_dir() and kind.name[0] != ".")


def _images(kind: Path) -> list[Path]:
    if not kind.is_dir():
        return []
    return sorted(
        file for file in kind.iterdir() if file.name[0] != "." and file.name.lower() not in IGNORED
    )


def _encoded(paths: Iterator[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(
                f"Unreadable image {path} ({error.strerror}): images lie directly in their class "
                "folder; make it readable or remove it."
            ) from error
        yield str(path), content
