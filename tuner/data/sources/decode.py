"""Encoded images to arrays of one size, with Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.data.dataset import Images
from tuner.data.memory import ran_out, require_room
from tuner.errors import DataError

GREY = frozenset({"1", "L", "LA", "La"})
DEEP = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})
GROUND = (255, 255, 255, 255)  # white, on which images with alpha are laid
LISTED = 10  # files that a message names
AS_IMAGE = "PIL.Image.fromarray(array).save('image.png') makes an image of one"


@dataclass(frozen=True)
class Unreadable:
    """Takes the place of an encoded image that cannot even be had.

    Attributes:
        reason: Why, behind the image's name.
    """

    reason: str


Encoded = Iterable[tuple[str, bytes | Unreadable]]
"""The name that an error gives an image, and its encoded bytes."""


def decode(sets: Sequence[tuple[int, Encoded]]) -> list[Images]:
    """Decode sets of images that must all be of one size.

    Alpha is laid on white, and images are turned as their EXIF data says.

    Args:
        sets: The number of images in each, and the images.

    Returns:
        uint8 [n, h, w, c] for each set; ``c`` is 1 where every image of all sets is grey, else 3.

    Raises:
        DataError: Images cannot be read, have more than 8 bits a channel, or differ in size, or
            they would not fit into memory.
    """
    decoder = _Decoder(sum(count for count, _ in sets))
    for count, encoded in sets:
        decoder.add(count, encoded)
    decoder.refuse()
    return decoder.arrays


class _Decoder:
    """Fills arrays image by image, and remembers what could not be read."""

    def __init__(self, total: int) -> None:
        self.arrays: list[Images] = []
        self._total = total
        self._first = ""
        self._size: tuple[int, int] | None = None
        self._channels = 1
        self._unreadable: list[str] = []
        self._deep: list[str] = []

    def add(self, count: int, encoded: Encoded) -> None:
        self.arrays.append(self._empty(count))
        for row, (name, content) in enumerate(encoded):
            if isinstance(content, Unreadable):
                self._unreadable.append(f"{name}{content.reason}")
                continue
            try:
                mode, pixels = _decode_one(content)
            except _BadImageError as error:
                self._unreadable.append(f"{name} ({error})")
                continue
            if pixels is None:
                self._deep.append(f"{name} (mode {mode})")
            else:
                self._put(row, name, pixels)

    def refuse(self) -> None:
        """Raises where something could not be read."""
        if self._unreadable:
            one = len(self._unreadable) == 1
            what = "Unreadable image" if one else f"{len(self._unreadable):,} unreadable images:"
            advice = (
                "replace it by a PNG or JPEG file, or remove it"
                if one
                else "replace them by PNG or JPEG files, or remove them"
            )
            raise DataError(f"{what} {_listed(self._unreadable)}: {advice}.")
        if len(self._deep) == 1:
            name, _, mode = self._deep[0].rpartition(" (")
            raise DataError(
                f"Image {name} has more than 8 bits a channel ({mode}: convert it to 8 bits."
            )
        if self._deep:
            raise DataError(
                f"{len(self._deep):,} images have more than 8 bits a channel: "
                f"{_listed(self._deep)}: convert them to 8 bits."
            )

    def _put(self, row: int, name: str, pixels: Images) -> None:
        height, width = pixels.shape[:2]
        if self._size is None:
            self._first, self._size = name, (height, width)
            require_room(
                f"{self._total:,} images of {height}x{width}", 3 * self._total * height * width
            )
            self._channels = 1 if pixels.ndim == 2 else 3
            self.arrays = [self._empty(len(array)) for array in self.arrays]
        if self._size != (height, width):
            raise DataError(
                f"Images of mixed size: {name} is {height}x{width} and {self._first} is "
                f"{self._size[0]}x{self._size[1]}; bring them all to one size."
            )
        if pixels.ndim == 3 and self._channels == 1:
            self._channels = 3
            self.arrays = [self._coloured(array) for array in self.arrays]
        self.arrays[-1][row] = pixels if pixels.ndim == 3 else pixels[:, :, None]

    def _coloured(self, grey: Images) -> Images:
        images = self._empty(len(grey))
        for row, image in enumerate(grey):  # one by one: a signal is answered in between
            images[row] = image
        return images

    def _empty(self, count: int) -> Images:
        return np.empty((count, *(self._size or (0, 0)), self._channels), np.uint8)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


class _BadImageError(Exception):
    """Says in a few words why Pillow cannot read an image."""


def _decode_one(content: bytes) -> tuple[str, Images | None]:
    """Pillow's mode of an image and its pixels, [h, w] or [h, w, 3]; None: more than 8 bits."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # An image large enough to warn about is never one to train small models on.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                return image.mode, _convert(_turned(image))
    except Exception as error:  # Pillow's plugins raise whatever their format's reader raises
        if ran_out(error):
            raise MemoryError from error
        reason = " ".join(str(error).split())
        if isinstance(error, UnidentifiedImageError):  # names a buffer of ours
            array = content.startswith(np.lib.format.MAGIC_PREFIX)
            reason = f"a NumPy array: {AS_IMAGE}" if array else "no known image format"
        raise _BadImageError(reason or type(error).__name__) from error


def _turned(image: Any) -> Any:
    """As a viewer shows it: cameras store how they were held instead of turning the pixels."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF data: viewers ignore it as well
        return image


def _convert(image: Any) -> Images | None:
    from PIL import Image

    if image.mode in DEEP:
        return None
    grey = image.mode in GREY
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, GROUND)
        image = Image.alpha_composite(ground, image)
    return np.asarray(image.convert("L" if grey else "RGB"), np.uint8)
