"""What is kept of a decoded data set, and what happens where it cannot be kept."""

from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import DataSet, resolve
from tuner.data.sources import decode, npz
from tuner.errors import DataError


def test_the_seed_makes_the_split_and_not_the_hash(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first, again, other = (resolve(source, seed=seed, cache=cache) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.train()[0], again.train()[0])
    assert not np.array_equal(first.train()[0], other.train()[0])
    assert first.hash == other.hash


def test_a_second_resolve_decodes_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [
        images.write_npz(tmp_path / "toys.npz"),
        images.write_folder(tmp_path / "folder"),
        images.write_parquet(tmp_path / "parquet"),
    ]
    first = [resolve(source, cache=cache) for source in sources]

    def refuse(*_: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(npz, "_load", refuse)
    monkeypatch.setattr(decode, "_decode_one", refuse)
    assert [resolve(source, cache=cache) for source in sources] == first


def test_changed_files_are_decoded_again(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first = resolve(source, cache=cache)
    images.write_npz(tmp_path / "toys.npz", y_test=np.zeros(10, np.int64), extra=np.zeros(3))
    assert resolve(source, cache=cache).hash != first.hash


def test_the_same_content_elsewhere_shares_its_folder(tmp_path: Path, cache: Path) -> None:
    one = resolve(images.write_npz(tmp_path / "one.npz"), cache=cache)
    two = resolve(images.write_npz(tmp_path / "two.npz"), cache=cache)
    assert (one.folder, one.hash) == (two.folder, two.hash)
    assert (one.name, two.name) == ("one", "two")


@pytest.mark.parametrize("harm", ["truncate", "remove", "meta", "index"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, cache: Path, harm: str) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first = resolve(source, cache=cache)
    learn = first.folder / "learn_images.npy"
    if harm == "truncate":
        learn.write_bytes(learn.read_bytes()[:-1])
    elif harm == "remove":
        learn.unlink()
    elif harm == "meta":
        (first.folder / "meta.json").write_text("[]")
    else:
        next((cache / "index").iterdir()).write_text("{")
    again = resolve(source, cache=cache)
    assert again == first
    assert again.train()[0].shape == (36, 6, 5, 3)
    assert not list((cache / "unfinished").iterdir())


def test_the_default_cache_is_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path / "chosen"))
    data = resolve(images.write_npz(tmp_path / "toys.npz"))
    assert data.folder.is_relative_to(tmp_path / "chosen")


def _resolve_at(barrier: Any, source: str, cache: Path) -> DataSet:
    barrier.wait()
    return resolve(source, cache=cache)


def test_processes_may_resolve_at_once(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz", **images.arrays(train=2000))
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(3) as pool:
        barrier = manager.Barrier(3)
        found = pool.starmap(_resolve_at, [(barrier, source, cache)] * 3)
    assert found[0] == found[1] == found[2]
    assert len(list((cache / "data").iterdir())) == 1
    assert not list((cache / "unfinished").iterdir())


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    cache = tmp_path / "file"
    cache.write_text("")
    with pytest.raises(DataError, match=r"cannot be written .*set TUNER_CACHE"):
        resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache(tmp_path: Path) -> None:
    cache = tmp_path / "locked"
    cache.mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"cannot be written .*set TUNER_CACHE"):
        resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = images.write_npz(tmp_path / "toys.npz")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        line = message(source, cache)
    assert f"The cache folder {cache} cannot be written (No space left on device)" in line
    assert "free some space there or set TUNER_CACHE" in line
    assert resolve(source, cache=cache).train_size == 36


def test_a_write_that_the_system_cuts_short(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz", **images.arrays(train=2000))
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); "
        "from pathlib import Path; from tuner.data import resolve; "
        f"resolve({source!r}, cache=Path({str(cache)!r}))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    assert "cannot be written (File too large)" in done.stderr
    assert not [path for path in cache.rglob("*") if path.is_file()]
