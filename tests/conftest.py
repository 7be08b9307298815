"""Settings that every test shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SLOW_SECONDS = 900
"""Time limit of a test that is marked as slow, on a machine that does other things as well."""

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The samplers' matrices are small, and on two cores that tests share more threads only wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Tests in two processes, and the workers of searches, share a GPU.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def pytest_configure(config: pytest.Config) -> None:
    """Compiled modules are kept where the environment forbids it, in pytest's own cache.

    The suite starts some fifty processes that import TensorFlow, which takes 4 s of processor time
    from compiled modules and 11 s without.
    """
    if sys.dont_write_bytecode and hasattr(config, "cache"):
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(config.cache.mkdir("bytecode"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Names an object without a text of its own by its class: an address differs by process."""
    return type(val).__name__ if type(val).__repr__ is object.__repr__ else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole processes have more time, and their files come first, not at the end."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    for item in slow:
        item.add_marker(pytest.mark.timeout(SLOW_SECONDS))
    files = {item.path for item in slow}
    items.sort(key=lambda item: item.path not in files)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded images go to a folder of this run, for this process and the workers it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("TUNER_STORAGE", raising=False)
        # A process more beside every search, whose answer only its own tests wait for.
        patch.setenv("TUNER_TRY_EXPORT", "0")
        yield


@pytest.fixture(autouse=True, scope="session")
def _space_checks() -> Iterator[list[Any]]:
    """Searches that tests begin in this process do not load their space once beforehand.

    That would start Keras for each of the many spaces that are written for one test.
    """
    from tuner.sessions import plan

    usual = [plan.check_space]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "check_space", lambda *_: None)
        yield usual


@pytest.fixture
def asks_spaces(_space_checks: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that is about it: the space is loaded beforehand, as it is for a user."""
    from tuner.sessions import plan

    monkeypatch.setattr(plan, "check_space", _space_checks[0])


@pytest.fixture
def real_images() -> Path:
    """The folder of real data sets, or a skip where there is none."""
    from tuner.basics.environment import test_data_folder

    folder = test_data_folder()
    if folder is None:
        pytest.skip("TUNER_TEST_DATA names no folder of real images")
    return folder
