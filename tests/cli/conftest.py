"""A folder with results, as a user of the command line has it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers import fakes
from tuner.storages.opening import default_url, open_storage


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder of the test's own, as wide as a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A storage file with a search, one on other data, a sweep and one that met nothing."""
    made = tmp_path_factory.mktemp("filled")
    storage = open_storage(default_url(made))
    fakes.add_running(fakes.make_search(storage))
    fakes.make_search(storage, "q4@shapes10", "shapes10")
    fakes.make_sweep(storage)
    fakes.add_trial(fakes.make_study("q2", storage=storage), "missed", 3_000, 0.752)
    storage.close()
    return made / "tuner.db"


@pytest.fixture
def results(folder, filled) -> Path:
    """A results folder where a search expects it."""
    made = folder / "tuner-results"
    made.mkdir()
    shutil.copy(filled, made)
    return made
