"""Encoded images become arrays of one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import images
from tests.helpers.bad_data import message
from tuner.data import resolve


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "L", "1"])
def test_modes_become_rgb_or_grey(tmp_path: Path, cache: Path, mode: str) -> None:
    source = images.write_folder(
        tmp_path / "pets", encoder=lambda pixels: images.encode(pixels, mode=mode)
    )
    channels = 3 if mode in ("RGBA", "P") else 1
    assert resolve(source, cache=cache).image_shape == (6, 5, channels)


def test_grey_among_coloured_becomes_rgb(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    grey = np.arange(30, dtype=np.uint8).reshape(6, 5)
    (tmp_path / "pets/test/cat/0.png").write_bytes(images.encode(grey))
    data = resolve(source, cache=cache)
    assert data.image_shape == (6, 5, 3)
    np.testing.assert_array_equal(data.test()[0][0], np.stack([grey] * 3, axis=-1))


def test_folder_with_mixed_sizes(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    (tmp_path / "pets/train/dog/3.png").write_bytes(images.encode(np.zeros((7, 5, 3), np.uint8)))
    line = message(source, cache)
    assert "Images of mixed size" in line
    assert "dog/3.png is 7x5" in line
    assert "cat/0.png is 6x5" in line


def test_folder_with_deep_images(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    path = tmp_path / "pets/train/dog/3.png"
    path.write_bytes(images.encode(np.zeros((6, 5), np.uint16)))
    assert f"Image {path} has more than 8 bits a channel" in message(source, cache)
