"""Encoded images become arrays of one size."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

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
    assert resolve(source, cache=cache).kind.shape == (6, 5, channels)


def test_grey_among_coloured_becomes_rgb(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    grey = np.arange(30, dtype=np.uint8).reshape(6, 5)
    (tmp_path / "pets/test/cat/0.png").write_bytes(images.encode(grey))
    data = resolve(source, cache=cache)
    assert data.kind.shape == (6, 5, 3)
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


def _photo(orientation: int, pixels: np.ndarray[Any, Any]) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    target = io.BytesIO()
    image.save(target, "PNG", exif=exif)
    return target.getvalue()


TURNS: list[Any] = [
    (1, lambda seen: seen),
    (2, lambda seen: seen[:, ::-1]),
    (3, lambda seen: seen[::-1, ::-1]),
    (4, lambda seen: seen[::-1]),
    (5, lambda seen: seen.transpose(1, 0, 2)),
    (6, lambda seen: np.rot90(seen, 1)),
    (7, lambda seen: seen[::-1, ::-1].transpose(1, 0, 2)),
    (8, lambda seen: np.rot90(seen, -1)),
]


@pytest.mark.parametrize(("orientation", "stored"), TURNS)
def test_photographs_are_turned_as_a_viewer_turns_them(
    orientation: int, stored: Any, tmp_path: Path, cache: Path
) -> None:
    """A camera stores the pixels as its sensor lies, and beside them how it was held."""
    source = images.write_folder(tmp_path / "pets")
    seen = np.arange(90, dtype=np.uint8).reshape(6, 5, 3)
    (tmp_path / "pets/test/cat/0.png").write_bytes(_photo(orientation, stored(seen)))
    np.testing.assert_array_equal(resolve(source, cache=cache).test()[0][0], seen)


def test_damaged_exif_data_turns_nothing(tmp_path: Path, cache: Path) -> None:
    source = images.write_folder(tmp_path / "pets")
    seen = np.arange(90, dtype=np.uint8).reshape(6, 5, 3)
    content = bytearray(_photo(6, seen))
    at = content.index(b"eXIf")
    content[at + 4 : at + 12] = b"nonsense"
    (tmp_path / "pets/test/cat/0.png").write_bytes(_with_checksum(content, at))
    np.testing.assert_array_equal(resolve(source, cache=cache).test()[0][0], seen)


def _with_checksum(png: bytearray, at: int) -> bytes:
    length = int.from_bytes(png[at - 4 : at], "big")
    end = at + 4 + length
    png[end : end + 4] = zlib.crc32(png[at:end]).to_bytes(4, "big")
    return bytes(png)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_laid_on_white(mode: str, tmp_path: Path, cache: Path) -> None:
    """What is under transparent pixels is often black, and never seen."""
    from PIL import Image

    pixels = np.zeros((6, 5, 4), np.uint8)
    pixels[:3, :, :3] = (200, 100, 50)
    pixels[:3, :, 3] = 255
    image = Image.fromarray(pixels)
    target = io.BytesIO()
    if mode == "P":
        image = image.convert("RGB").quantize(2)
        image.save(target, "PNG", transparency=image.getpixel((0, 5)))
    else:
        image.convert(mode).save(target, "PNG")
    source = images.write_folder(tmp_path / "pets", encoder=lambda _: target.getvalue())
    read = resolve(source, cache=cache).test()[0][0]
    assert (read[3:] == 255).all()
    solid = (124,) if mode == "LA" else (200, 100, 50)
    assert np.abs(read[:3].astype(int) - solid).max() <= 1


def test_half_transparent_pixels_mix_with_white_in_every_layout(
    tmp_path: Path, cache: Path
) -> None:
    given = images.arrays(shape=(6, 5, 4))
    read = resolve(images.write_npz(tmp_path / "toys.npz", **given), cache=cache).test()[0]
    colour, alpha = given["x_test"][..., :3].astype(float), given["x_test"][..., 3:] / 255
    np.testing.assert_allclose(read, colour * alpha + 255 * (1 - alpha), atol=1)
    source = images.write_folder(
        tmp_path / "pets", encoder=lambda _: images.encode(given["x_test"][0])
    )
    pillow = resolve(source, cache=cache).test()[0][0]
    np.testing.assert_allclose(pillow.astype(int), read[0].astype(int), atol=1)


def test_grey_images_before_coloured_ones_keep_their_pixels(tmp_path: Path, cache: Path) -> None:
    """The arrays are made for grey images, and made anew when the first colour comes."""
    source = images.write_folder(tmp_path / "pets")
    grey = np.arange(30, dtype=np.uint8).reshape(6, 5)
    for number in range(10):
        path = tmp_path / f"pets/train/cat/{number}.png"
        path.write_bytes(images.encode(grey + number))
    learned = {image.tobytes() for image in resolve(source, cache=cache).learning()[0]}
    assert {np.stack([grey + n] * 3, axis=-1).tobytes() for n in range(10)} <= learned
