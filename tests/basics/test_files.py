"""An error names the file that is at fault, not the folder that was being written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tuner.basics.files import elsewhere, part_of, remove_with_parts, replace
from tuner.data import cache
from tuner.errors import TunerError
from tuner.exports import export
from tuner.storages import results

OWN, OTHER = Path("/own/folder"), "/mnt/images/a.png"

WRITING: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "the cache": cache.writing,
    "the results": results.writing_to,
}
"""All that name a folder where something in their body fails."""


def denied(name: str | bytes | int | None, number: int = errno.EACCES) -> OSError:
    return OSError(number, os.strerror(number), name)


@pytest.mark.parametrize("name", WRITING)
def test_another_file_is_named_itself(name: str) -> None:
    with pytest.raises(TunerError) as caught, WRITING[name](OWN):
        raise denied(OTHER)
    assert OTHER in str(caught.value) and "Permission denied" in str(caught.value)
    assert str(OWN) not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        denied(None),  # of a write to an open file
        denied(str(OWN / "x" / "y")),
        denied(str(OWN.parent)),
        denied(3),
        denied(OTHER, errno.ENOSPC),  # copying names what is read
    ],
    ids=["no name", "within", "above", "a number", "a full disk"],
)
@pytest.mark.parametrize("name", WRITING)
def test_what_is_written_is_named_otherwise(name: str, error: OSError) -> None:
    with pytest.raises(TunerError) as caught, WRITING[name](OWN):
        raise error
    assert str(OWN) in str(caught.value) and OTHER not in str(caught.value)


def test_only_what_writes_an_export_is_told_as_its_file(tmp_path: Path) -> None:
    file = tmp_path / "model.tflite"
    with pytest.raises(OSError, match="a process"), export._parts(file, tmp_path / "card.md"):
        raise OSError(errno.ENOMEM, "no memory for a process")
    assert not list(tmp_path.iterdir())
    with pytest.raises(TunerError, match="cannot write"), export._writing(file):
        raise denied(None)


def test_names_may_be_bytes_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert elsewhere(denied(b"out/x"), Path("out")) is None
    assert elsewhere(denied(b"data/x"), Path("out")) == "data/x"


def test_a_file_that_is_being_read_is_replaced_once_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses it as long as anybody has the file open."""
    part, file = tmp_path / "part", tmp_path / "file"
    replaced, refusals = Path.replace, iter([True, True])

    def refuse(self: Path, target: Path) -> Path:
        if next(refusals, False):
            raise PermissionError(errno.EACCES, "it is being used by another process", str(target))
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    part.write_text("new")
    file.write_text("old")
    assert replace(part, file) == file
    assert file.read_text() == "new" and not part.exists()
    monkeypatch.setattr("tuner.basics.files.IN_USE_SECONDS", (0.0,) * 3)
    refusals = iter([True] * 9)
    part.write_text("newer")
    with pytest.raises(PermissionError):
        replace(part, file)
    assert file.read_text() == "new"


def test_a_file_and_what_was_begun_in_its_place_are_removed(tmp_path: Path) -> None:
    file, other = tmp_path / "model.npz", tmp_path / "model.npz.old"
    for each in (file, other, part_of(file, "123"), part_of(file, "9")):
        each.touch()
    assert part_of(file).suffix == ".npz"
    remove_with_parts(file)
    assert list(tmp_path.iterdir()) == [other]
