"""Workers open what their command found, by its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tuner.data import open_again, resolve
from tuner.data.raw import Raw
from tuner.data.sources import npz
from tuner.errors import DataError


@pytest.mark.parametrize("seed", [0, 3])
def test_what_is_cached_is_opened_without_its_source(
    seed: int, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither decoded nor hashed, and not even looked for."""
    source = images.write_npz(tmp_path / "toys.npz")
    data = resolve(source, seed=seed, cache=cache)
    Path(source).unlink()

    def hashed(_: Raw) -> str:
        raise AssertionError("hashed again")

    monkeypatch.setattr(Raw, "content_hash", hashed)
    again = open_again(**data.reference(seed), cache=cache)
    assert again == data
    np.testing.assert_array_equal(again.train()[0], data.train()[0])


def test_on_another_machine_it_is_decoded_anew(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    again = open_again(**data.reference(0), cache=tmp_path / "elsewhere")
    assert again.folder.is_relative_to(tmp_path / "elsewhere")
    assert again.hash == data.hash
    np.testing.assert_array_equal(again.validation()[0], data.validation()[0])


def test_other_content_under_the_same_name_is_refused(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    other: Any = images.arrays()["x_test"][::-1]
    images.write_npz(tmp_path / "toys.npz", x_test=other)
    with pytest.raises(DataError, match=r"toys\.npz holds other data here \(hash \w{12}\) than"):
        open_again(**data.reference(0), cache=tmp_path / "elsewhere")


def test_a_source_that_this_machine_lacks_is_named(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    Path(data.source).unlink()
    with pytest.raises(DataError, match="No data set"):
        open_again(**data.reference(0), cache=tmp_path / "elsewhere")


def test_orders_hold_no_folder_of_a_machine(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    assert data.reference(2) == {"source": data.source, "content": data.hash, "seed": 2}
    assert str(cache) not in str(data.reference(2))


def test_arrays_of_one_npz_file_are_loaded_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load = npz._load
    monkeypatch.setattr(npz, "_load", lambda path: loads.append(path) or load(path))
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    for _ in range(3):
        open_again(**data.reference(0), cache=cache)
    assert len(loads) == 1
