"""Flip, shift and cutout over a whole epoch of images at once.

Vectorised over the epoch on uint8 arrays: image by image, or inside the graph, augmentation would
cost more than the training of a small model.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        return self.draw(images.shape, rng).apply(images)

    def draw(self, shape: Sequence[int], rng: np.random.Generator) -> Draws:
        """Draws what is to be done to each of some images.

        Args:
            shape: n, height and width of the images; what follows does not matter.
            rng: Where the randomness comes from.
        """
        n, height, width = shape[:3]
        most = min(self.shift, height - 1, width - 1)
        side = min(self.cutout, height, width)
        down = across = flipped = tops = lefts = None
        if self.shift:
            offsets = rng.integers(0, (2 * most + 1) ** 2, size=(n,))
            down, across = (part - most for part in np.divmod(offsets, 2 * most + 1))
        if self.flip:
            flipped = rng.random(n) < 0.5
        if self.cutout:
            tops = rng.integers(0, height - side + 1, n)
            lefts = rng.integers(0, width - side + 1, n)
        return Draws(flipped, most, down, across, side, tops, lefts)


@dataclass(frozen=True)
class Draws:
    """What is done to each of n images; None where it is done to none.

    Attributes:
        flipped: Whether it is mirrored, after the shift, bool, [n].
        most: Pixels of the largest shift.
        down: Rows between a pixel and the one that takes its place, -most to most, [n].
        across: Columns, likewise.
        side: Pixels of the square that is cut out.
        tops: The square's first row, [n].
        lefts: Its first column, [n].
    """

    flipped: npt.NDArray[np.bool_] | None
    most: int
    down: npt.NDArray[np.int64] | None
    across: npt.NDArray[np.int64] | None
    side: int
    tops: npt.NDArray[np.int64] | None
    lefts: npt.NDArray[np.int64] | None

    def apply(self, images: Images) -> Images:
        """The images so changed.

        Args:
            images: uint8, [n, height, width, channels].

        Returns:
            uint8 of the same shape; the images themselves where nothing is done.
        """
        if self.flipped is None and self.down is None and self.tops is None:
            return images
        if self.down is not None and self.across is not None:
            out = shifted(images, self.most, self.down, self.across)
        else:
            out = np.array(images, order="C")
        if self.flipped is not None:
            pixels = _pixels(out)
            mirrored = np.flatnonzero(self.flipped)
            pixels[mirrored] = pixels[mirrored][:, :, ::-1]
        if self.tops is not None and self.lefts is not None:
            cut(out, self.side, self.tops, self.lefts)
        return out


def shifted(
    images: Images, most: int, down: npt.NDArray[np.int64], across: npt.NDArray[np.int64]
) -> Images:
    """Shifts each image on both axes, reflecting at the border; arguments as of `Draws`."""
    n, height, width, channels = images.shape
    # Rows of pixels are copied whole: pixel by pixel takes several times as long.
    wide = np.pad(images, ((0, 0), (0, 0), (most, most), (0, 0)), mode="reflect")
    lines = wide.reshape(n, height, -1)
    windows = sliding_window_view(lines, width * channels, axis=2)
    rows = np.abs(down[:, None] + np.arange(height))
    rows = np.minimum(rows, 2 * (height - 1) - rows)
    out: Images = windows[np.arange(n)[:, None], rows, channels * (across + most)[:, None]]
    return out.reshape(images.shape)


def _pixels(images: Images) -> npt.NDArray[Any]:
    """The same memory with one element a pixel, [n, height, width]; `images` lie in one piece."""
    return images.view(np.dtype((np.void, images.shape[-1])))[..., 0]


def cut(
    images: Images, side: int, tops: npt.NDArray[np.int64], lefts: npt.NDArray[np.int64]
) -> None:
    """Sets a square of each image to the image's mean colour, in place.

    Args:
        images: uint8, [n, height, width, channels], in one piece of memory.
        side: Pixels.
        tops: First rows, [n].
        lefts: First columns, [n].
    """
    n, height, width, channels = images.shape
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
