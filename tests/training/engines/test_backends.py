"""The same tests, and a whole search, with Keras on JAX; they need a process of their own."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from tuner.launchers.placement import Placement

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
SEARCH = (
    "sessions/test_search.py::test_a_search_ends_with_the_smallest_model_it_met_the_target_with"
)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="this is such a process")
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_training_and_searching_on_jax() -> None:
    environment = {**os.environ, **Placement().environment(), "KERAS_BACKEND": "jax"}
    tests = [HERE, HERE.parent / "test_loop.py", TESTS / SEARCH]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            *map(str, tests),
        ],
        cwd=TESTS.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) > 30
