"""The rendered data set: the same bytes everywhere, whatever is asked for beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tuner.data import resolve
from tuner.data.sources import objects10, shapes10

# Of 100 training and 50 test images; another number means another VERSION.
SMALL = "763210df6a1c1fb423806f85528ed334298bdf1a21d84c39e1d9e2005fd99313"


def test_bytes_are_fixed() -> None:
    assert shapes10.generate(100, 50).content_hash() == SMALL


def test_layout() -> None:
    raw = shapes10.generate(100, 50)
    assert raw.classes == tuple(objects10.OBJECTS)
    assert raw.train.x.shape == (100, 32, 32, 3)
    assert raw.test.x.shape == (50, 32, 32, 3)
    assert np.bincount(raw.train.y).tolist() == [10] * 10
    assert np.bincount(raw.test.y).tolist() == [5] * 10


def test_images_differ() -> None:
    raw = shapes10.generate(500, 500)
    both = np.concatenate([raw.train.x, raw.test.x])
    assert len(np.unique(both.reshape(1000, -1), axis=0)) == 1000
    other = shapes10.generate(10, 10, seed=1)
    assert not np.array_equal(other.train.x, raw.train.x[:10])


@pytest.mark.parametrize("name", objects10.OBJECTS)
def test_an_object_fills_some_of_its_square(name: str) -> None:
    grid = np.linspace(-1.2, 1.2, 49, dtype=np.float32)
    x, y = grid[None, None, :], grid[None, :, None]
    middle = lambda low, high: np.full((1, 1, 1), (low + high) / 2, np.float32)  # noqa: E731
    inside = objects10.OBJECTS[name](x, y, middle) < 0
    assert inside.dtype == np.bool_
    assert 0.05 < inside.mean() < 0.5
    assert not inside[0, 0].any() and not inside[0, -1].any()


def test_resolve(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = shapes10.generate(200, 100)
    monkeypatch.setattr(shapes10, "generate", lambda: small)
    data = resolve("shapes10", cache=cache)
    assert (data.name, data.source, data.kind.shape) == ("shapes10", "shapes10", (32, 32, 3))
    assert (data.train_size, data.validation_size, data.test_size) == (180, 20, 100)
    monkeypatch.setattr(shapes10, "generate", lambda: pytest.fail("drawn again"))
    assert resolve("shapes10", cache=cache) == data
