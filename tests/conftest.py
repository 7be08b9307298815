"""Settings that every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded images go to a folder of this run, for this process and the workers it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("TUNER_STORAGE", raising=False)
        yield


@pytest.fixture
def real_images() -> Path:
    """The folder of real data sets, or a skip where there is none."""
    from tuner.basics.environment import test_data_folder

    folder = test_data_folder()
    if folder is None:
        pytest.skip("TUNER_TEST_DATA names no folder of real images")
    return folder
