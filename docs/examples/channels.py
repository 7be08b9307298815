"""Images of floats in five channels, as satellites make them, for the family of plain CNNs."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE, CHANNELS, CLASSES = 16, 5, 4


def load() -> dict[str, Any]:
    """4,000 images to learn from and 2,000 to test on, float32 [n, 16, 16, 5], of four classes."""
    x_train, y_train = _drawn(4_000, seed=0)
    x_test, y_test = _drawn(2_000, seed=1)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stripes whose direction is the class's, of another strength in each channel, under noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(CLASSES, size=count)
    angle = (np.pi * y / CLASSES + rng.normal(0, 0.15, count))[:, None, None]
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE
    along = np.cos(angle) * row + np.sin(angle) * column
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    stripes = np.sin(2 * np.pi * 3 * along + phase)[..., None]
    strength = np.random.default_rng(3).uniform(-1, 1, CHANNELS)
    x = stripes * strength + rng.normal(0, 1.0, (count, SIDE, SIDE, CHANNELS))
    return x.astype(np.float32), y
