"""The ten objects of shapes10, as signed distances to arrangements of simple parts.

An object lives in coordinates from about -1 to 1, y downwards. ``vary(low, high)`` gives each image
its own proportions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Planes: TypeAlias = NDArray[np.float32]
Number: TypeAlias = float | Planes
Vary: TypeAlias = Callable[[float, float], Planes]


def disc(x: Planes, y: Planes, at_x: Number, at_y: Number, radius: Number) -> Planes:
    """Distance to a disc."""
    right, down = x - at_x, y - at_y
    return np.asarray(np.sqrt(right * right + down * down) - radius, np.float32)


def box(
    x: Planes, y: Planes, at_x: Number, at_y: Number, half_width: Number, half_height: Number
) -> Planes:
    """Distance to an upright box."""
    return _both(np.abs(x - at_x) - half_width, np.abs(y - at_y) - half_height)


def wedge(x: Planes, y: Planes, tip: Number, base: Number, half_width: Number) -> Planes:
    """Distance to a triangle with its tip at (0, ``tip``) above its base at y = ``base``."""
    height = base - tip
    length = np.sqrt(height * height + half_width * half_width)
    side = (np.abs(x) * height - (y - tip) * half_width) / length
    return _both(np.asarray(side, np.float32), y - base)


def _either(one: Planes, other: Planes) -> Planes:
    union: Planes = np.minimum(one, other)
    return union


def _both(one: Planes, other: Planes) -> Planes:
    overlap: Planes = np.maximum(one, other)
    return overlap


def _without(solid: Planes, hole: Planes) -> Planes:
    return _both(solid, -hole)


def _arrow(x: Planes, y: Planes, vary: Vary) -> Planes:
    neck = vary(-0.2, 0.1)
    head = wedge(x, y, -0.95, neck, vary(0.5, 0.7))
    return _either(head, box(x, y, 0, 0.4, vary(0.13, 0.22), 0.5))


def _crescent(x: Planes, y: Planes, vary: Vary) -> Planes:
    return _without(disc(x, y, 0, 0, 0.85), disc(x, y, vary(0.35, 0.55), 0, vary(0.6, 0.75)))


def _cross(x: Planes, y: Planes, vary: Vary) -> Planes:
    thick = vary(0.16, 0.26)
    beam = box(x, y, 0, vary(-0.35, 0), vary(0.55, 0.8), thick)
    return _either(box(x, y, 0, 0, thick, 0.9), beam)


def _dumbbell(x: Planes, y: Planes, vary: Vary) -> Planes:
    right = disc(x, y, 0.55, 0, vary(0.28, 0.42))
    left = disc(x, y, -0.55, 0, vary(0.28, 0.42))
    return _either(_either(left, right), box(x, y, 0, 0, 0.6, vary(0.09, 0.18)))


def _fish(x: Planes, y: Planes, vary: Vary) -> Planes:
    body = disc(x * vary(0.6, 0.75), y, 0.12, 0, vary(0.4, 0.5))
    body = _without(body, disc(x, y, 0.5, -0.1, 0.1))
    return _either(body, wedge(y, -x, 0.1, 0.95, vary(0.35, 0.5)))


def _hourglass(x: Planes, y: Planes, vary: Vary) -> Planes:
    half = vary(0.5, 0.7)
    return _either(wedge(x, y, -0.1, 0.85, half), wedge(x, -y, -0.1, 0.85, half))


def _house(x: Planes, y: Planes, vary: Vary) -> Planes:
    walls = box(x, y, 0, 0.35, vary(0.45, 0.6), 0.5)
    walls = _without(walls, box(x, y, vary(-0.2, 0.2), 0.6, 0.13, 0.25))
    return _either(walls, wedge(x, y, -0.9, vary(-0.2, 0), vary(0.7, 0.85)))


def _key(x: Planes, y: Planes, vary: Vary) -> Planes:
    radius = vary(0.32, 0.44)
    head = _without(disc(x, y, 0, -0.5, radius), disc(x, y, 0, -0.5, radius * 0.5))
    shaft = box(x, y, 0, 0.35, 0.11, 0.6)
    teeth = _either(box(x, y, 0.2, 0.84, 0.2, 0.1), box(x, y, 0.18, vary(0.4, 0.55), 0.18, 0.09))
    return _either(head, _either(shaft, teeth))


def _mug(x: Planes, y: Planes, vary: Vary) -> Planes:
    handle = _without(disc(x, y, 0.35, 0, vary(0.4, 0.5)), disc(x, y, 0.35, 0, 0.25))
    return _either(box(x, y, -0.15, 0, vary(0.4, 0.52), vary(0.55, 0.8)), handle)


def _mushroom(x: Planes, y: Planes, vary: Vary) -> Planes:
    cap = _both(disc(x, y, 0, 0, vary(0.65, 0.85)), y - vary(-0.1, 0.05))
    return _either(cap, box(x, y, 0, 0.35, vary(0.14, 0.24), 0.45))


OBJECTS: dict[str, Callable[[Planes, Planes, Vary], Planes]] = {
    "arrow": _arrow,
    "crescent": _crescent,
    "cross": _cross,
    "dumbbell": _dumbbell,
    "fish": _fish,
    "hourglass": _hourglass,
    "house": _house,
    "key": _key,
    "mug": _mug,
    "mushroom": _mushroom,
}
