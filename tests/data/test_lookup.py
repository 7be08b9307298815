"""From what a user gives to a data set."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import resolve


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("cifr10", "did you mean cifar10?"),
        ("MNIST", "did you mean mnist?"),
        ("shapes", "did you mean shapes10?"),
        ("nowhere/at/all", "cifar10, mnist, shapes10, or the path"),
        ("", "No data set given"),
        ("a\0b", "cannot be read"),
    ],
)
def test_unknown_source(source: str, words: str, cache: Path) -> None:
    line = message(source, cache)
    assert words in line


def test_a_file_of_another_kind(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("x")
    assert "is no data set: give an .npz file" in message(str(path), cache)
    assert "is no data set: give an .npz file" in message(str(tmp_path), cache)


def test_resolving_imports_no_framework(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    script = (
        "import sys; from pathlib import Path; from tuner.data import resolve; "
        f"resolve({source!r}, cache=Path({str(cache)!r})); "
        "print({'keras', 'tensorflow', 'PIL', 'pyarrow'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


@pytest.mark.parametrize(
    ("name", "shape", "train", "test"),
    [("cifar10", (32, 32, 3), 50_000, 10_000), ("mnist", (28, 28, 1), 60_000, 10_000)],
)
def test_real_images(
    real_images: Path, name: str, shape: tuple[int, ...], train: int, test: int
) -> None:
    data = resolve(str(real_images / name))
    assert (data.name, data.kind.shape) == (name, shape)
    assert (data.train_size, data.validation_size, data.test_size) == (
        train * 9 // 10,
        train // 10,
        test,
    )
    assert len(data.classes) == 10
    assert np.bincount(data.test()[1]).min() > 800


def test_the_file_within_that_cannot_be_read_is_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = str(tmp_path / "train" / "cat")

    def find(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", inner)

    monkeypatch.setattr("tuner.data.sources.folders.ClassFolders.find", find)
    line = message(str(tmp_path), cache)
    assert f"{inner!r} cannot be read (Permission denied)" in line
