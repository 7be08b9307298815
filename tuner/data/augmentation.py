"""Flip, shift and cutout over a whole epoch of images at once.

Vectorised over the epoch on uint8 arrays: image by image, or inside the graph, augmentation would
cost more than the training of a small model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Images = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Augmentation:
    """What is done to every training image, anew in each epoch.

    Attributes:
        flip: Mirror left to right with probability one half.
        shift: Largest shift in pixels, each axis, reflected at the border (the usual random crop).
        cutout: Side in pixels of a square set to the image's mean; 0 for none (DeVries & Taylor,
            "Improved Regularization of Convolutional Neural Networks with Cutout", 2017).
    """

    flip: bool = False
    shift: int = 0
    cutout: int = 0

    def __bool__(self) -> bool:
        return self.flip or self.shift > 0 or self.cutout > 0

    def __call__(self, images: Images, rng: np.random.Generator) -> Images:
        """Augments a copy.

        Args:
            images: uint8, [n, height, width, channels].
            rng: Where the randomness comes from.

        Returns:
            uint8 of the same shape; the images themselves where nothing is switched on.
        """
        if not self:
            return images
        out = shifted(images, self.shift, rng) if self.shift else np.array(images, order="C")
        if self.flip:
            pixels = _pixels(out)
            mirrored = np.flatnonzero(rng.random(len(out)) < 0.5)
            pixels[mirrored] = pixels[mirrored][:, :, ::-1]
        if self.cutout:
            cut(out, self.cutout, rng)
        return out


def shifted(images: Images, most: int, rng: np.random.Generator) -> Images:
    """Shifts each image by up to `most` pixels on both axes, reflecting at the border."""
    n, height, width, channels = images.shape
    most = min(most, height - 1, width - 1)
    offsets: npt.NDArray[np.int64] = rng.integers(0, (2 * most + 1) ** 2, size=(n,))
    down, across = np.divmod(offsets, 2 * most + 1)
    # Rows of pixels are copied whole: pixel by pixel takes several times as long.
    wide = np.pad(images, ((0, 0), (0, 0), (most, most), (0, 0)), mode="reflect")
    lines = wide.reshape(n, height, -1)
    windows = sliding_window_view(lines, width * channels, axis=2)
    rows = np.abs(down[:, None] + np.arange(height) - most)
    rows = np.minimum(rows, 2 * (height - 1) - rows)
    out: Images = windows[np.arange(n)[:, None], rows, channels * across[:, None]]
    return out.reshape(images.shape)


def _pixels(images: Images) -> npt.NDArray[Any]:
    """The same memory with one element a pixel, [n, height, width]; `images` lie in one piece."""
    return images.view(np.dtype((np.void, images.shape[-1])))[..., 0]


def cut(images: Images, side: int, rng: np.random.Generator) -> None:
    """Sets a square of each image, `side` pixels wide, to the image's mean colour, in place.

    Args:
        images: uint8, [n, height, width, channels], in one piece of memory.
        side: Pixels.
        rng: Where the randomness comes from.
    """
    n, height, width, channels = images.shape
    side = min(side, height, width)
    tops = rng.integers(0, height - side + 1, n)
    lefts = rng.integers(0, width - side + 1, n)
    # A sparse grid of pixels gives the mean well enough at a sixteenth of the cost.
    grid = images[:, ::4, ::4]
    means = np.einsum("nijc->nc", grid.astype(np.uint32)) // (grid.shape[1] * grid.shape[2])
    lines = images.reshape(n, height, width * channels)
    windows = sliding_window_view(lines, side * channels, axis=2, writeable=True)
    rows = tops[:, None] + np.arange(side)
    fill = np.tile(means.astype(np.uint8), (1, side))[:, None]
    windows[np.arange(n)[:, None], rows, channels * lefts[:, None]] = fill


def from_values(values: dict[str, Any]) -> Augmentation:
    """Reads the hyperparameters ``flip``, ``shift`` and ``cutout``, each off where absent."""
    return Augmentation(
        flip=bool(values.get("flip") or False),
        shift=int(values.get("shift") or 0),
        cutout=int(values.get("cutout") or 0),
    )
