"""The GPUs that workers may use, found without importing a backend."""

from __future__ import annotations

import ctypes.util
import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tuner.basics.environment import keras_backend
from tuner.basics.versions import installed

QUERY = ("nvidia-smi", "--query-gpu=index,uuid,memory.total", "--format=csv,noheader,nounits")
VISIBLE = "CUDA_VISIBLE_DEVICES"
NEEDED = {
    "jax": ("jax-cuda13-plugin", "jax-cuda12-plugin"),
    "tensorflow": ("nvidia-cudnn-cu12",),
}
"""Packages of which a backend needs one to use a GPU."""
EXTRAS = {"jax": "gpu-jax", "tensorflow": "gpu"}
"""The project's extras that bring them."""


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU.

    Attributes:
        name: As ``CUDA_VISIBLE_DEVICES`` takes it: its index, or a longer name of the user's.
        memory: Bytes; 0 where the driver does not say.
    """

    name: str
    memory: int = 0


def visible() -> list[Gpu]:
    """The GPUs that the driver shows, those only that ``CUDA_VISIBLE_DEVICES`` names if it is set.

    A name of a part of a GPU (MIG) is taken as it is.
    """
    asked = os.environ.get(VISIBLE)
    known = {} if asked == "" else listed()
    if not known:
        return []
    if asked is None:
        return [Gpu(index, memory) for index, (_, memory) in known.items()]
    found = []
    for name in (part.strip() for part in asked.split(",")):
        match = [m for i, (uuid, m) in known.items() if i == name or _begins(uuid, name)]
        if not match and not name.startswith("MIG-"):
            break  # as CUDA does: what follows a name of no GPU is not seen either
        found.append(Gpu(name, match[0] if match else 0))
    return found


@functools.cache
def listed() -> dict[str, tuple[str, int]]:
    """Each GPU's unique name and memory in bytes, by index; asked once, it can take a second."""
    if shutil.which(QUERY[0]) is None:
        return {}
    try:
        listed = subprocess.run(QUERY, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    known: dict[str, tuple[str, int]] = {}
    for line in listed.stdout.splitlines():
        index, uuid, memory = (*(part.strip() for part in line.split(",")), "", "")[:3]
        if index.isdigit():
            known[index] = uuid, int(memory) * 2**20 if memory.isdigit() else 0
    return known


def _begins(uuid: str, name: str) -> bool:
    return name.startswith("GPU-") and uuid.startswith(name)


def usable(backend: str) -> bool:
    """Whether a backend is installed so that it can use NVIDIA GPUs; unknown backends may."""
    needed = NEEDED.get(backend)
    if needed is None or installed(needed):
        return True
    # TensorFlow also finds libraries that the system or the cluster has installed.
    return backend == "tensorflow" and ctypes.util.find_library("cudnn") is not None


def missing(backend: str, found: Sequence[Gpu]) -> str | None:
    """What to tell whoever has GPUs that the backend cannot use; None where all is well."""
    if not found or usable(backend):
        return None
    gpus = "a GPU" if len(found) == 1 else f"{len(found)} GPUs"
    return (
        f"this machine has {gpus}, which {backend} as installed cannot use: "
        f"training on the processor; the extra {EXTRAS[backend]!r} brings what it needs."
    )


def gpus() -> list[Gpu]:
    """The GPUs that the backend can use."""
    return visible() if usable(keras_backend()) else []
