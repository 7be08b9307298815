"""Flip, shift and cutout over a whole epoch of images at once.

Vectorised over the epoch on arrays of bytes: image by image, or inside the graph, augmentation
would cost more than the training of a small model. Images of other types are moved as the bytes
that they are made of, so that their values are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[Any]
"""Of any number type, [n, height, width, channels]."""

BLOCK = 512
"""Images that are changed at a time: few enough to stay in a processor's cache meanwhile."""


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
            images: [n, height, width, channels].
            rng: Where the randomness comes from.

        Returns:
            The same shape and type; the images themselves where nothing is switched on.
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

    def apply(self, images: Images, rows: npt.NDArray[np.int64] | None = None) -> Images:
        """The images so changed.

        Args:
            images: [any number, height, width, channels].
            rows: Which of them, in this order, at least 0, [n]; None: all, n of them.

        Returns:
            [n, height, width, channels]; the images themselves where nothing is done.
        """
        if self.flipped is None and self.down is None and self.tops is None:
            return images if rows is None else images[rows]
        images = np.ascontiguousarray(images)
        rows = np.arange(len(images)) if rows is None else rows
        across = self.across
        if across is not None and self.flipped is not None:
            across = np.where(self.flipped, -across, across)  # here they are mirrored first
        out = np.empty((len(rows), *images.shape[1:]), images.dtype)
        images, moved = as_bytes(images), as_bytes(out)
        mover = _Mover(images.shape[1:], self.most, max(1, min(len(rows), BLOCK)))
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            mover.take(images, rows[part], None if self.flipped is None else self.flipped[part])
            if self.down is None or across is None:
                mover.give(moved[part])
            else:
                mover.give_shifted(moved[part], self.down[part], across[part])
            if self.tops is not None and self.lefts is not None:
                cut(out[part], self.side, self.tops[part], self.lefts[part])
        return out


def as_bytes(images: Images) -> npt.NDArray[np.uint8]:
    """The same memory, in one piece, as uint8, [n, height, width, bytes of a pixel]."""
    return images if images.dtype == np.uint8 else images.view(np.uint8)


class _Mover:
    """Mirrors and shifts blocks of images, reflecting at the border.

    Rows of pixels are copied whole, which takes a fraction of the time that single pixels would,
    and every block through the same memory, which takes longer to get than to fill.

    Args:
        shape: Height, width, and bytes of a pixel.
        most: Pixels of the largest shift.
        block: Most images at a time.
    """

    def __init__(self, shape: Sequence[int], most: int, block: int) -> None:
        height, width, channels = shape
        self._line = np.dtype((np.void, width * channels))
        self._pixel = np.dtype((np.void, channels))
        self._mirror = np.arange(width * channels).reshape(width, channels)[::-1].ravel()
        self._most, self._height, self._width = most, height, width
        # With room before and behind, so that a row may be read from some pixels beside it on.
        room = np.empty((block * height * width + 2 * most) * channels, np.uint8)
        inner = room[most * channels : room.size - most * channels]
        self._images = inner.reshape(block, height, width, channels)
        self._pixels = inner.view(self._pixel)
        self._windows = _runs(room, width, channels)

    def take(
        self,
        images: Images,
        rows: npt.NDArray[np.int64],
        flipped: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Fills the block with some of the images, mirrored as `flipped` says."""
        taken = self._images[: len(rows)]
        # "clip" spares a copy; there is nothing to clip.
        np.take(images, rows, axis=0, out=taken, mode="clip")
        if flipped is not None:
            mirrored = np.flatnonzero(flipped)
            lines = self._lines(taken)
            before = lines[mirrored].reshape(-1, 1).view(np.uint8)
            turned = np.take(before, self._mirror, axis=1).view(self._line)
            lines[mirrored] = turned.reshape(-1, self._height)

    def give(self, out: Images) -> None:
        """Writes the block as it is."""
        out[:] = self._images[: len(out)]

    def give_shifted(
        self, out: Images, down: npt.NDArray[np.int64], across: npt.NDArray[np.int64]
    ) -> None:
        """Writes each image shifted, as `Draws` says, to `out`, which lies in one piece."""
        count, height, width = len(out), self._height, self._width
        taken = np.abs(down[:, None] + np.arange(height))
        taken = np.minimum(taken, 2 * (height - 1) - taken)
        # Where the row begins, in pixels, of which each row of an image is made.
        first = ((np.arange(count) * height)[:, None] + taken) * width
        self._lines(out)[:] = self._windows[first + (self._most + across)[:, None]]
        # What lay beside that row and not in it is reflected.
        pixels = out.view(self._pixel)[..., 0]
        for step in range(1, self._most + 1):
            for over, column, edge in (
                (across <= -step, step - 1, 1 - step),
                (across >= step, width - step, width - 2 + step),
            ):
                some = np.flatnonzero(over)
                source = first[some] + (edge - across[some])[:, None]
                pixels[some, :, column] = self._pixels[source]

    def _lines(self, images: Images) -> npt.NDArray[Any]:
        """The same memory with one element a row of pixels, [n, height]."""
        return images.reshape(*images.shape[:2], -1).view(self._line)[..., 0]


def _runs(memory: Images, pixels: int, channels: int) -> npt.NDArray[Any]:
    """The same memory, in one piece, with an element for the `pixels` from each pixel on."""
    count = memory.size // channels - pixels + 1
    return np.ndarray((count,), (np.void, pixels * channels), memory, strides=(channels,))


def cut(
    images: Images, side: int, tops: npt.NDArray[np.int64], lefts: npt.NDArray[np.int64]
) -> None:
    """Sets a square of each image to the image's mean colour, in place.

    Args:
        images: [n, height, width, channels], in one piece of memory.
        side: Pixels.
        tops: First rows, [n].
        lefts: First columns, [n].
    """
    n, height, width = images.shape[:3]
    means = _means(images) if images.dtype == np.uint8 else _other_means(images)
    pixels = as_bytes(images)
    runs = _runs(pixels, side, pixels.shape[3])
    first = (np.arange(n) * height + tops)[:, None] + np.arange(side)
    fill = np.tile(np.ascontiguousarray(means), (1, side)).view(runs.dtype)
    runs[first * width + lefts[:, None]] = fill


def _other_means(images: Images) -> Images:
    """The mean colour of each image of any type, from one pixel in sixteen, [n, channels]."""
    grid = images[:, ::4, ::4]
    if np.issubdtype(images.dtype, np.integer):
        found: Images = grid.sum((1, 2), np.int64) // (grid.shape[1] * grid.shape[2])
    else:
        found = grid.mean((1, 2), dtype=np.float32)
    return found.astype(images.dtype)


def _means(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The same of uint8."""
    n, channels = len(images), images.shape[3]
    # A sparse grid of pixels gives the mean well enough at a sixteenth of the cost.
    pixels = images.view(np.dtype((np.void, channels)))[:, ::4, ::4, 0]
    count = pixels.shape[1] * pixels.shape[2]
    grid = pixels.copy().view(np.uint8).reshape(n, count * channels).astype(np.float32)
    # A matrix product adds them up, exactly, in half the time of a sum over rows of three numbers.
    sums = grid @ np.tile(np.eye(channels, dtype=np.float32), (count, 1))
    found: npt.NDArray[np.uint8] = (sums.astype(np.uint32) // count).astype(np.uint8)
    return found
