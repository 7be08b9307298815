"""Asks for data that cannot be had, and gives back the one line that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import images
from tuner.data import resolve
from tuner.errors import DataError

GIVEN = images.arrays()


def message(source: str, cache: Path, *, relabel: bool = False) -> str:
    with pytest.raises(DataError) as caught:
        resolve(source, relabel=relabel, cache=cache)
    line = str(caught.value)
    assert "\n" not in line
    assert not cache.exists() or not [p for p in cache.rglob("*") if p.is_file()]
    return line
