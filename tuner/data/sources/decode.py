"""Encoded images to arrays of one size, with Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from tuner.data.dataset import Images
from tuner.errors import DataError

GREY = frozenset({"1", "L", "LA"})
DEEP = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})


def decode(encoded: Iterable[tuple[str, bytes]]) -> list[Images]:
    """Decode images that must all be of one size.

    Args:
        encoded: The name that an error gives an image, and its encoded bytes.

    Returns:
        uint8 arrays, [h, w] of a grey image and [h, w, 3] of any other; alpha is dropped.

    Raises:
        DataError: An image cannot be read, has more than 8 bits a channel, or differs in size.
    """
    images: list[Images] = []
    first = ""
    for name, content in encoded:
        image = _decode_one(name, content)
        if not images:
            first = name
        elif image.shape[:2] != images[0].shape[:2]:
            raise DataError(
                f"Images of mixed size: {name} is {image.shape[0]}x{image.shape[1]} and {first} "
                f"is {images[0].shape[0]}x{images[0].shape[1]}; bring them all to one size."
            )
        images.append(image)
    return images


def stack(sets: Iterable[list[Images]]) -> list[Images]:
    """Stack each list of images to uint8 [n, h, w, c].

    ``c`` is 1 where every image of all sets is grey, else 3.
    """
    sets = list(sets)
    colour = any(image.ndim == 3 for images in sets for image in images)
    stacked: list[Images] = []
    for images in sets:
        height, width = images[0].shape[:2] if images else (0, 0)
        whole = np.empty((len(images), height, width, 3 if colour else 1), np.uint8)
        for row, image in enumerate(images):
            whole[row] = image if image.ndim == 3 else image[:, :, None]
        stacked.append(whole)
    return stacked


def _decode_one(name: str, content: bytes) -> Images:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # An image large enough to warn about is never one to train small models on.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                image.load()
                mode, pixels = image.mode, _convert(image)
    except Exception as error:  # Pillow's plugins raise whatever their format's reader raises
        unknown = isinstance(error, UnidentifiedImageError)  # names a buffer of ours
        reason = "no known image format" if unknown else " ".join(str(error).split())
        reason = reason or type(error).__name__
        raise DataError(
            f"Unreadable image {name} ({reason}): replace it by a PNG or JPEG file, or remove it."
        ) from error
    if pixels is None:
        raise DataError(
            f"Image {name} has more than 8 bits a channel (mode {mode}): convert it to 8 bits."
        )
    return pixels


def _convert(image: Any) -> Images | None:
    if image.mode in DEEP:
        return None
    if image.mode in GREY:
        converted = image.convert("L")
    elif image.mode == "P" and "transparency" in image.info:
        converted = image.convert("RGBA").convert("RGB")  # the direct way warns
    else:
        converted = image.convert("RGB")
    return np.asarray(converted, np.uint8)
