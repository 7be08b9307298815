"""Whether a data set fits is asked before it is decoded; memory that runs out blames no file."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import lookup, memory, resolve
from tuner.data.sources import arrays, decode, npz


def _decoded(*_: Any) -> None:
    raise AssertionError("decoded more than it had to")


@pytest.mark.parametrize("layout", ["npz", "folder", "parquet"])
def test_what_does_not_fit_is_refused_before_it_is_decoded(
    layout: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = {"npz": images.write_npz, "folder": images.write_folder}.get(
        layout, images.write_parquet
    )
    source = write(tmp_path / ("toys.npz" if layout == "npz" else "toys"))
    monkeypatch.setattr(memory, "available", lambda: 1_000)
    monkeypatch.setattr(npz, "raw_of", _decoded)
    decoded = []
    once = decode._decode_one
    monkeypatch.setattr(decode, "_decode_one", lambda content: decoded.append(1) or once(content))
    line = message(source, cache)
    assert "0.0 GB of memory, and 0.0 GB are free: make the images smaller" in line
    assert len(decoded) <= 1  # the first image tells the size of all


def test_an_array_that_only_its_header_makes_large_is_refused(tmp_path: Path, cache: Path) -> None:
    """A compressed file may be small, and its arrays may not be there at all."""
    import io
    import zipfile

    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key, shape in (("x_train", (10**6, 3000, 4000, 3)), ("y_train", (10**6,))):
            header = io.BytesIO()
            kind = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(header, kind)
            archive.writestr(f"{key}.npy", header.getvalue())
            archive.writestr(f"{key.replace('train', 'test')}.npy", header.getvalue())
    line = message(str(path), cache)
    assert f"The arrays of {path} take 72,000.0 GB of memory" in line


FULL = {
    "Python's": MemoryError(),
    "the system's": OSError(errno.ENOMEM, "Cannot allocate memory"),
    "Pillow's": OSError("out of memory error when reading image file"),
    "Arrow's": pyarrow.ArrowMemoryError("malloc of size 8192 failed"),
}


@pytest.mark.parametrize("error", FULL.values(), ids=list(FULL))
@pytest.mark.parametrize(
    ("layout", "where"),
    [
        ("npz", (npz, "raw_of")),
        ("npz", (np, "load")),
        ("npz", (lookup, "check")),
        ("folder", (decode, "_convert")),
        ("folder", (Path, "read_bytes")),
        ("parquet", (pyarrow.parquet.ParquetFile, "iter_batches")),
        ("parquet", (decode, "_turned")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[1],
)
def test_memory_that_runs_out_blames_no_file(
    layout: str,
    where: tuple[Any, str],
    error: Exception,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError if where[1] in ("check", "raw_of") else error

    if layout == "npz":
        source = images.write_npz(tmp_path / "toys.npz")
    elif layout == "folder":
        source = images.write_folder(tmp_path / "toys")
    else:
        source = images.write_parquet(tmp_path / "toys")
    monkeypatch.setattr(*where, full)
    line = message(source, cache)
    assert line.startswith(f"{source} does not fit into memory")
    assert "Unreadable" not in line


def test_a_range_is_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal is answered between them."""
    monkeypatch.setattr(arrays, "ROWS", 12)
    numbers = np.arange(60.0).reshape(10, 3, 2)
    numbers[4, 0, 0], numbers[9, 1, 1] = -3.0, 99.0
    assert arrays.span(numbers) == (-3.0, 99.0)
    numbers[2, 0, 0] = np.nan
    assert all(np.isnan(arrays.span(numbers)))


def test_a_container_has_less_than_its_machine(tmp_path: Path) -> None:
    for name, text in (("max", "5000"), ("current", "3000"), ("stat", "anon 9\ninactive_file 500")):
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    assert memory.available(tmp_path) == 2500
    assert memory.installed(tmp_path) == 5000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available(tmp_path) > 10**6


def test_older_containers_have_less_as_well(tmp_path: Path) -> None:
    stat = "inactive_file 9\ntotal_inactive_file 400"
    for name, text in (("limit_in_bytes", "5000"), ("usage_in_bytes", "3000"), ("stat", stat)):
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    assert (memory.available(tmp_path), memory.installed(tmp_path)) == (2400, 5000)


@pytest.mark.parametrize("line", ["0::/user/me", "5:memory:/user/me"])
def test_the_groups_around_a_process_bound_it_too(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "cgroup"
    inside = root / ("memory/user" if "memory" in line else "user")
    (inside / "me").mkdir(parents=True)
    for name, text in (("max", "7000"), ("current", "1000"), ("stat", "")):
        (inside / f"memory.{name}").write_text(text)
    (tmp_path / "own").write_text(f"{line}\n")
    monkeypatch.setattr(memory, "CONTROL_GROUP", root)
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    assert memory.available() == 6000


def test_images_that_are_large_for_small_models_get_a_note(tmp_path: Path, cache: Path) -> None:
    shape = (600, 700, 3)
    source = images.write_npz(tmp_path / "big.npz", **images.arrays(train=20, test=2, shape=shape))
    (note,) = resolve(source, cache=cache).notes
    assert "Images of 600x700 with 3 channels are large for small models: 32 of them" in note
    assert not resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache).notes


def test_a_search_is_not_asked_about_memory_again(tmp_path: Path, cache: Path) -> None:
    source = images.write_npz(tmp_path / "toys.npz")
    first = resolve(source, cache=cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "available", lambda: 0)
        assert lookup.resolve(source, cache=cache) == first


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no SIGTERM")
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_decoding_within_seconds(
    signum: signal.Signals, tmp_path: Path, cache: Path
) -> None:
    """Twelve-megapixel photographs, one file under many names."""
    rng = np.random.default_rng(0)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(images.encode(rng.integers(0, 256, (3000, 4000, 3), np.uint8), kind="JPEG"))
    for part, count in (("train", 40), ("test", 4)):
        for name in ("cat", "dog"):
            (tmp_path / "pets" / part / name).mkdir(parents=True)
            for number in range(count):
                (tmp_path / "pets" / part / name / f"{number}.jpg").symlink_to(photo)
    # Whoever starts the tests may have this process ignore Ctrl-C, and its children inherit that.
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"sys.argv[1:] = ['data', {str(tmp_path / 'pets')!r}]; "
        "from tuner.cli import main; sys.exit(main())"
    )
    environment = {**os.environ, "TUNER_CACHE": str(cache)}
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, env=environment) as process:
        while not (cache / "unfinished").exists() and process.poll() is None:
            time.sleep(0.05)  # it is looked at just before decoding begins
        time.sleep(1)
        running = process.poll() is None
        process.send_signal(signum)
        started = time.monotonic()
        code = process.wait(60)
    assert running
    assert time.monotonic() - started < 5
    assert code in (-signum, 128 + signum)
    assert not list((cache / "data").glob("*"))
