"""Ten classes of objects that the program draws itself: a benchmark without a download.

An object is put together from two to four parts; only their arrangement tells the class. It is
turned, mirrored, stretched, shifted and coloured, stands before clutter and behind things that hide
some of it. As in photographs, colour gives the class away a little. docs/shapes10.md has the
calibration against CIFAR-10.

The same seed gives the same bytes on every machine: random bits come from PCG64 itself, whose
stream numpy guarantees, and pixels from +, -, *, /, sqrt, min and max of single elements, which
IEEE 754 fixes, never from sums or from functions of a mathematics library.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from tuner.data.dataset import Images, Labels
from tuner.data.raw import Part, Raw
from tuner.data.sources.base import Found, Source
from tuner.data.sources.objects10 import OBJECTS, Planes, box, disc

VERSION = 2  # raise it with every change of a pixel
SEED = 10
TRAIN_SIZE = 10_000  # validation takes a tenth of them
TEST_SIZE = 5_000
SIDE = 32  # pixels
CHUNK = 250  # images drawn at a time: their planes stay in the processor's cache

# The calibration. Lengths count half an image's side, colours run from 0 to 1.
SCALE = (0.48, 0.72)
SHIFT = 0.45
TURN = 0.30  # tangent of half the largest angle
STRETCH = 0.15
CLUTTER = 2
OCCLUDERS = 1
OCCLUDER_SIZE = (0.08, 0.25)
HIDDEN = 0.12  # share of images with something large before the object: no model knows them all
HIDING_SIZE = (0.65, 0.95)  # of the object
GROUND_LIGHT = (0.20, 0.50)
CONTRAST = (0.18, 0.48)
CLUTTER_LIGHT = (0.10, 0.90)
COLOUR_PRIOR = 0.12
TINT = 0.25
NOISE = 0.06

CLASSES = tuple(OBJECTS)
_GRID = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1).astype(np.float32)
# What a class leans to: background red, green, blue, then the object's.
_LEANINGS = np.array(
    [
        [1, -1, -1, -1, 1, 0],
        [-1, -1, 1, 1, 1, -1],
        [1, 1, -1, -1, -1, 1],
        [-1, 1, 1, 1, -1, 0],
        [-1, 0, 1, 1, 0, 1],
        [1, 0, -1, 0, 1, 1],
        [0, 1, 1, 1, -1, -1],
        [1, -1, 1, -1, 0, -1],
        [-1, 1, -1, 0, -1, 1],
        [0, -1, 0, -1, 1, -1],
    ],
    np.float32,
)


class Shapes10(Source):
    """Images that this module draws."""

    described: ClassVar[Mapping[str, str]] = {
        "shapes10": "ten classes of objects that this program draws, 32x32; made in seconds"
    }
    builtin: ClassVar[tuple[str, ...]] = ("shapes10",)

    def find(self, text: str, path: Path, cache: Path) -> Found | None:
        """By its name."""
        return Found(text, [text, VERSION], generate) if text in self.builtin else None


def generate(train: int = TRAIN_SIZE, test: int = TEST_SIZE, seed: int = SEED) -> Raw:
    """Draw the data set, in a few seconds.

    Args:
        train: Number of training images, divisible by ten.
        test: Number of test images, divisible by ten.
        seed: Another seed gives other images of the same kind.
    """
    return Raw(Part(*_part(seed, 0, train)), Part(*_part(seed, 1, test)), CLASSES)


def _part(seed: int, part: int, count: int) -> tuple[Images, Labels]:
    each = count // len(CLASSES)
    images = np.empty((each, len(CLASSES), SIDE, SIDE, 3), np.uint8)
    for label in range(len(CLASSES)):
        for start in range(0, each, CHUNK):
            size = min(CHUNK, each - start)
            images[start : start + size, label] = _draw(
                _Draws([seed, part, label, start], size), label
            )
    labels = np.tile(np.arange(len(CLASSES), dtype=np.int64), each)
    return images.reshape(-1, SIDE, SIDE, 3), labels


class _Draws:
    """Random numbers for a chunk of images, each call one number an image."""

    def __init__(self, seed: list[int], size: int) -> None:
        self.size = size
        self._bits = np.random.PCG64(seed)

    def between(self, low: float, high: float, *, width: int = 1) -> Planes:
        """Uniform numbers, float32 [images, 1, width]."""
        raw = self._bits.random_raw(self.size * width) >> np.uint64(40)
        unit = raw.astype(np.float32) * np.float32(2.0**-24)
        scaled = np.float32(low) + unit * np.float32(high - low)
        return scaled.reshape(self.size, 1, width)

    def sign(self) -> Planes:
        """Minus or plus one, float32 [images, 1, 1]."""
        return np.where(self.between(-1, 1) < 0, np.float32(-1), np.float32(1))

    def noise(self) -> Planes:
        """About normal, within -1 to 1, float32 [images, SIDE, SIDE, 3]."""
        raw = self._bits.random_raw(self.size * SIDE * SIDE * 3 // 2).astype("<u8")
        quarters = raw.view(np.uint8).reshape(self.size, SIDE, SIDE, 3, 4).astype(np.float32)
        total = quarters[..., 0] + quarters[..., 1] + quarters[..., 2] + quarters[..., 3]
        return total / np.float32(510) - np.float32(1)


def _draw(draws: _Draws, label: int) -> Images:
    ground, colour = _colours(draws, label)
    canvas = _background(draws, ground)
    for _ in range(CLUTTER):
        _paint(canvas, _clutter(draws, (0.10, 0.45)), draws.between(*CLUTTER_LIGHT) + _tint(draws))
    x, y, scale = _pose(draws)
    distance = OBJECTS[CLASSES[label]](x, y, lambda low, high: draws.between(low, high))
    _paint(canvas, distance * scale, colour)
    _paint(canvas, _hiding(draws, x, y) * scale, draws.between(*CLUTTER_LIGHT) + _tint(draws))
    for _ in range(OCCLUDERS):
        _paint(canvas, _clutter(draws, OCCLUDER_SIZE), draws.between(*CLUTTER_LIGHT) + _tint(draws))
    canvas += draws.noise() * np.float32(NOISE)
    scaled = np.maximum(np.minimum(canvas, np.float32(1)), np.float32(0)) * np.float32(255)
    return np.rint(scaled).astype(np.uint8)


def _colours(draws: _Draws, label: int) -> tuple[Planes, Planes]:
    """Colours of ground and object, float32 [images, 1, 3] each; the object is the lighter."""
    lean = _LEANINGS[label] * np.float32(COLOUR_PRIOR)
    light = draws.between(*GROUND_LIGHT)
    ground = light + lean[:3] + _tint(draws)
    return ground, light + draws.between(*CONTRAST) + lean[3:] + _tint(draws)


def _tint(draws: _Draws) -> Planes:
    return draws.between(-TINT, TINT, width=3)


def _background(draws: _Draws, ground: Planes) -> Planes:
    """A slope of light over the ground's colour, float32 [images, SIDE, SIDE, 3]."""
    slope_x, slope_y = draws.between(-0.2, 0.2), draws.between(-0.2, 0.2)
    light = slope_x * _GRID[None, None, :] + slope_y * _GRID[None, :, None]
    return ground[:, :, None, :] + light[..., None]


def _turn(draws: _Draws, tangent: float) -> tuple[Planes, Planes]:
    """Cosine and sine of a random angle, out of the tangent of its half: exact arithmetic."""
    half = draws.between(-tangent, tangent)
    square = half * half
    return (1 - square) / (1 + square), 2 * half / (1 + square)


def _pose(draws: _Draws) -> tuple[Planes, Planes, Planes]:
    """The object's own coordinates of every pixel, and its scale."""
    scale, stretch = draws.between(*SCALE), draws.between(1 - STRETCH, 1 + STRETCH)
    cosine, sine = _turn(draws, TURN)
    x = _GRID[None, None, :] - draws.between(-SHIFT, SHIFT)
    y = _GRID[None, :, None] - draws.between(-SHIFT, SHIFT)
    along = (x * cosine + y * sine) / scale * stretch * draws.sign()
    across = (y * cosine - x * sine) / scale / stretch
    return np.asarray(along, np.float32), np.asarray(across, np.float32), scale


def _clutter(draws: _Draws, sizes: tuple[float, float]) -> Planes:
    """Distance to a bar or a disc anywhere, float32 [images, SIDE, SIDE]."""
    cosine, sine = _turn(draws, 1.0)
    x = _GRID[None, None, :] - draws.between(-1, 1)
    y = _GRID[None, :, None] - draws.between(-1, 1)
    size, thin = draws.between(*sizes), draws.between(0.2, 1)
    bar = box(x * cosine + y * sine, y * cosine - x * sine, 0, 0, size, size * thin)
    return np.where(draws.between(0, 1) < 0.6, bar, disc(x, y, 0, 0, size))


def _hiding(draws: _Draws, x: Planes, y: Planes) -> Planes:
    """Distance to a disc at the object's middle, in its coordinates; most images have none."""
    hidden = draws.between(0, 1) < np.float32(HIDDEN)
    radius = np.where(hidden, draws.between(*HIDING_SIZE), np.float32(-1))
    return disc(x, y, draws.between(-0.2, 0.2), draws.between(-0.2, 0.2), radius)


def _paint(canvas: Planes, distance: Planes, colour: Planes) -> None:
    """Lay a colour over the pixels at a negative distance; edges are one pixel wide."""
    half = np.float32(0.5)
    cover = half - distance * np.float32(SIDE / 2)
    cover = np.maximum(np.minimum(cover, np.float32(1)), np.float32(0))[..., None]
    canvas += cover * (colour[:, :, None, :] - canvas)
