from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tuner.basics import gpus
from tuner.basics.environment import keras_backend
from tuner.basics.gpus import Gpu

LISTED = """0, GPU-aaaa1111, 81559
1, GPU-bbbb2222, [N/A]
"""


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """Nothing is known of the driver before a test, nor kept after it."""
    gpus.listed.cache_clear()
    yield
    gpus.listed.cache_clear()


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver that lists two GPUs, the second without its memory."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s' '{LISTED}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return program


def test_the_gpus_that_the_driver_lists(driver: Path) -> None:
    assert gpus.visible() == [Gpu("0", 81_559 * 2**20), Gpu("1")]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("1", ["1"]),
        ("1,0", ["1", "0"]),
        ("GPU-bbbb", ["GPU-bbbb"]),
        ("MIG-cccc", ["MIG-cccc"]),
        ("", []),
        ("-1", []),
        ("0,7,1", ["0"]),
    ],
)
def test_only_gpus_that_the_user_lets_be_seen(
    asked: str, names: list[str], driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", asked)
    assert [g.name for g in gpus.visible()] == names


@pytest.mark.parametrize("script", ["exit 9", "echo NVIDIA-SMI has failed"])
def test_a_driver_that_does_not_work_shows_none(script: str, driver: Path) -> None:
    driver.write_text(f"#!/bin/sh\n{script}\n")
    assert gpus.visible() == []


def test_a_machine_without_the_driver_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert gpus.visible() == []


def test_a_backend_without_its_cuda_packages_cannot_use_a_gpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpus, "installed", lambda packages: {})
    monkeypatch.setattr(gpus.ctypes.util, "find_library", lambda name: None)
    assert not gpus.usable("jax") and not gpus.usable("tensorflow") and gpus.usable("torch")
    assert gpus.missing("tensorflow", []) is None
    said = gpus.missing("tensorflow", [Gpu("0"), Gpu("1")])
    assert said is not None and "2 GPUs" in said and "extra 'gpu'" in said
    monkeypatch.setattr(gpus, "installed", lambda packages: dict.fromkeys(packages, "1"))
    assert gpus.usable("jax") and gpus.missing("jax", [Gpu("0")]) is None


def test_the_backend_is_the_one_that_keras_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    assert keras_backend() == "jax"
    (tmp_path / "keras.json").write_text("[")
    assert keras_backend() == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert keras_backend() == "torch"
