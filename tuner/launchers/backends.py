"""Environment variables of Keras's backends, and what workers of one command share of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from tuner.basics.environment import keras_backend
from tuner.basics.files import temporary_folder

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""TensorFlow's switch for the faster of its two sets of CPU kernels."""

THREEFRY = "JAX_THREEFRY_PARTITIONABLE"
"""JAX's switch between two ways to draw random numbers."""

DRAWING = "JAX_THREEFRY_GPU_KERNEL_LOWERING"
"""And whether a GPU draws them with a kernel that is there already: compiles in half the time."""

PROGRAMS = "JAX_COMPILATION_CACHE_DIR"
"""Where JAX keeps compiled programs, and what it measured of a GPU's kernels meanwhile."""


@contextlib.contextmanager
def shared_programs() -> Iterator[dict[str, str]]:
    """Lets the workers of one command share what JAX has compiled, certificates' seeds above all.

    Yields:
        Variables for the workers; none for other backends, or where the user has set a folder.
        Only for as long as the context: programs compiled for other processors can crash.
    """
    if keras_backend() != "jax" or os.environ.get(PROGRAMS):
        yield {}
        return
    with temporary_folder("programs") as folder:
        yield {PROGRAMS: folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
