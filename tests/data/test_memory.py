"""Whether a data set fits is asked before it is decoded; memory that runs out blames no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import lookup, memory, resolve
from tuner.data.sources import decode, npz


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
    monkeypatch.setattr(npz, "_images", _decoded)
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


@pytest.mark.parametrize("layout", ["npz", "folder"])
def test_memory_that_runs_out_blames_no_file(
    layout: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(npz, "_converted", full)
    monkeypatch.setattr(decode, "_convert", full)
    if layout == "npz":
        source = images.write_npz(tmp_path / "toys.npz")
    else:
        source = images.write_folder(tmp_path / "toys")
    line = message(source, cache)
    assert line.startswith(f"{source} does not fit into memory")
    assert "Unreadable" not in line


def test_a_container_has_less_than_its_machine(tmp_path: Path) -> None:
    for name, text in (("max", "5000"), ("current", "3000"), ("stat", "anon 9\ninactive_file 500")):
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    assert memory.available(tmp_path) == 2500
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available(tmp_path) > 10**6


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
