"""A data set as others hold it."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from tests.helpers import images
from tuner.data import resolve
from tuner.errors import DataError


def test_a_data_set_is_small_to_pickle(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz", **images.arrays(train=500)), cache=cache)
    data.train()
    pickled = pickle.dumps(data)
    assert len(pickled) < 2000
    assert pickle.loads(pickled) == data


def test_arrays_that_are_gone(tmp_path: Path, cache: Path) -> None:
    data = resolve(images.write_npz(tmp_path / "toys.npz"), cache=cache)
    shutil.rmtree(data.folder)
    for opened in (data.train, data.validation, data.test):
        with pytest.raises(DataError, match="start again to decode"):
            opened()
