"""A search of seconds that is never exhausted: which of eight columns of an image is bright."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.helpers import tiny

CLASSES = 8


def write(folder: Path, *, target: float, horizon: int) -> None:
    """Writes the images, the space and the study `tiny.toml`.

    One unit cannot tell eight columns apart, and its learning rate is any number: smaller models
    than the incumbent are always left to try.
    """
    tiny.write(folder, target=target, horizon=horizon)
    space = folder / "space.py"
    for width in (13, 14, 15):  # those that fail, for tests of failures
        space.write_text(space.read_text().replace(f"width == {width}", "width == 0"))
    rng = np.random.default_rng(0)

    def make(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.arange(n) % CLASSES
        x = rng.integers(0, 140, (n, 8, 8, 1))
        x[np.arange(n), :, y] += 60
        return x.astype(np.uint8), y.astype(np.int64)

    (x_train, y_train), (x_test, y_test) = make(800), make(160)
    np.savez(folder / "images.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
