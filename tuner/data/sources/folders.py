"""Data sets out of a folder: ``train/``, ``test/``, perhaps ``val/``, of a folder a class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from tuner.data import mistakes
from tuner.data.memory import ran_out
from tuner.data.raw import Part, Raw
from tuner.data.sources.base import Found, Source, identity_of
from tuner.data.sources.decode import Encoded, Unreadable, decode
from tuner.errors import DataError

ALIKE = {
    "train": re.compile(r"(?i)(train|training|trn|learn)([-_ ]?(set|data|images?))?"),
    "test": re.compile(r"(?i)(test|testing|tst|eval|evaluation)([-_ ]?(set|data|images?))?"),
    "validation": re.compile(r"(?i)(val|valid|validation|dev)([-_ ]?(set|data|images?))?"),
}
"""What people call these folders, in full."""
IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
IGNORED = frozenset({"thumbs.db", "desktop.ini"})  # left by file managers
VALIDATION = ("validation", "valid", "val")
"""What the folder of validation images may be called."""
LEFT_BY_ARCHIVES = "__MACOSX"  # a folder that archives made on a Mac hold, without images


class ClassFolders(Source):
    """A folder with ``train/`` and ``test/`` of one folder of images a class."""

    described: ClassVar[Mapping[str, str]] = {
        "FOLDER": "train/ and test/, of one folder of images a class; val/ where there is one"
    }

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """Any folder that has one of the two."""
        if not path.is_dir() or not is_class_folders(path):
            return None
        return Found(path.name, identity_of(path, files(path)), lambda: read(path))

    def nearly(self, text: str, path: Path) -> str | None:
        """A folder whose parts have other names, that is not divided, or that holds images only."""
        if not path.is_dir():
            return None
        if (broken := _broken_link(path)) is not None:
            return broken
        seen = [name for part in ALIKE for name in _alike(path, part)]
        if seen:
            listed = " and ".join(f"{name}/" for name in seen)
            return (
                f"{text} has {listed}, but neither train/ nor test/: rename them to train/ and "
                "test/; validation images are taken out of train/ where there is no val/."
            )
        kinds = [kind.name for kind in _folders(path) if _holds_images(kind)]
        if len(kinds) > 1:
            return (
                f"{text} has the class folders {_listed(set(kinds))}, but neither train/ nor "
                "test/: put most images of each class into train/CLASS/ and the others into "
                "test/CLASS/."
            )
        if _holds_images(path):
            return (
                f"{text} holds images, but no folders that name their classes: put them into "
                "train/CLASS/ and test/CLASS/."
            )
        return None


def is_class_folders(folder: Path) -> bool:
    """Whether ``folder`` has the layout that this module reads."""
    return (folder / "train").is_dir() or (folder / "test").is_dir()


def _holds_images(folder: Path) -> bool:
    return any(file.suffix.lower() in IMAGE_SUFFIXES for file in _images(folder))


def files(folder: Path) -> list[Path]:
    """Every image file of the layout, training files first, sorted by class and name."""
    return [
        file
        for part in _parts(folder).values()
        for kind in _folders(part)
        for file in _images(kind)
    ]


def _parts(folder: Path) -> dict[str, Path]:
    """The folder of each part, by the part's name here.

    Raises:
        DataError: Two folders may be the validation part.
    """
    own = [folder / name for name in VALIDATION if (folder / name).is_dir()]
    if len(own) > 1 and not own[0].samefile(own[1]):
        raise DataError(
            f"{folder} has {own[0].name}/ and {own[1].name}/, and either may be the validation "
            "images: leave one out."
        )
    parts = {"train": folder / "train", "test": folder / "test"}
    return parts | ({"validation": own[0]} if own else {})


def read(folder: Path) -> Raw:
    """Read and decode every image; classes are the names of the folders, sorted.

    Raises:
        DataError: ``train/`` or ``test/`` is missing, their classes differ, or an image cannot be
            read or differs in size.
    """
    if (broken := _broken_link(folder)) is not None:
        raise DataError(broken)
    for part in ("train", "test"):
        if not (folder / part).is_dir():
            raise DataError(_without(folder, part))
    classes = _class_names(folder)
    found = {
        name: [(file, label) for label, kind in enumerate(classes) for file in _images(part / kind)]
        for name, part in _parts(folder).items()
    }
    arrays = decode([(len(f), _encoded(file for file, _ in f)) for f in found.values()])
    parts = {
        name: Part(x, np.array([label for _, label in pairs], np.int64))
        for x, (name, pairs) in zip(arrays, found.items(), strict=True)
    }
    return Raw(parts["train"], parts["test"], classes, validation=parts.get("validation"))


def _class_names(folder: Path) -> tuple[str, ...]:
    train, test = ({kind.name for kind in _folders(folder / part)} for part in ("train", "test"))
    if not train:
        loose = len(_images(folder / "train"))
        seen = f"{loose:,} files but no class folders" if loose else "no class folders"
        raise DataError(f"{folder / 'train'} holds {seen}: put each class in its own.")
    if train != test:
        raise DataError(
            f"{folder}: the class folders of train/ and test/ differ: "
            f"{_listed(train - test)} only in train/, {_listed(test - train)} only in test/; "
            "give both the same."
        )
    _check_validation(folder, train)
    classes = tuple(sorted(train))
    empty = [name for name in classes if not _images(folder / "test" / name)]
    if 0 < len(empty) < len(classes):
        raise DataError(
            f"{folder / 'test'} has no images of {_listed(set(empty))}, only empty folders: add "
            "some, or remove the class from both train/ and test/."
        )
    return classes


def _check_validation(folder: Path, classes: set[str]) -> None:
    """Refuses validation images of no class; a class without any is noted later."""
    if (own := _parts(folder).get("validation")) is None:
        return
    kinds = {kind.name for kind in _folders(own)}
    if unknown := kinds - classes:
        raise DataError(
            f"{own} has class folders that train/ has not: {_listed(unknown)}; give both the same."
        )
    if not any(_images(own / kind) for kind in kinds):
        loose = len(_images(own))
        seen = f"{loose:,} files but no class folders" if loose else "no images"
        raise DataError(
            f"{own} holds {seen}: put each class in its own folder, or remove {own.name}/."
        )


def _broken_link(folder: Path) -> str | None:
    """A line for a part or a class that is a link to nothing, and would be left out unnoticed."""
    parts = [folder / part for part in ("train", *VALIDATION, "test")]
    kinds = [kind for part in parts if part.is_dir() for kind in sorted(part.iterdir())]
    lines = (mistakes.broken_link(str(place)) for place in [*parts, *kinds])
    return next((line for line in lines if line is not None), None)


def _without(folder: Path, part: str) -> str:
    """Why a folder without train/ or without test/ is not whole."""
    seen = [name for name in _alike(folder, part) if name != part]
    if seen:
        return f"{folder} has no folder {part}/, but {seen[0]}/: rename it to {part}/."
    if part == "test" and (held_back := _alike(folder, "validation")):
        return (
            f"{folder} has no folder test/, but {held_back[0]}/: rename it to test/; validation "
            "images are taken out of train/ where there is no val/."
        )
    return f"{folder} has no folder {part}/: add it, with one folder a class."


def _alike(folder: Path, part: str) -> list[str]:
    """Names of the folders that people call ``train``, ``test`` or ``validation``."""
    return [entry.name for entry in _folders(folder) if ALIKE[part].fullmatch(entry.name)]


def _listed(names: set[str]) -> str:
    shown = sorted(names)[:5]
    more = [f"{len(names) - 5} more"] if len(names) > 5 else []
    return ", ".join(shown + more) or "none"


def _folders(part: Path) -> list[Path]:
    if not part.is_dir():
        return []
    return sorted(
        kind
        for kind in part.iterdir()
        if kind.is_dir() and kind.name[0] != "." and kind.name != LEFT_BY_ARCHIVES
    )


def _images(kind: Path) -> list[Path]:
    if not kind.is_dir():
        return []
    return sorted(
        file for file in kind.iterdir() if file.name[0] != "." and file.name.lower() not in IGNORED
    )


def _encoded(paths: Iterable[Path]) -> Encoded:
    for path in paths:
        try:
            yield str(path), path.read_bytes()
        except OSError as error:
            if ran_out(error):
                raise MemoryError from error
            yield str(path), Unreadable(f" ({_why(path, error)})")


def _why(path: Path, error: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"a link to {path.readlink()}, which does not exist"
    if path.is_dir():
        return "a folder; images lie directly in their class folder"
    return error.strerror or type(error).__name__
