"""How many workers a machine runs, and on which processors and GPUs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuner.basics.environment import keras_backend
from tuner.basics.gpus import VISIBLE, Gpu, gpus
from tuner.basics.hardware import allowed_cpus, hardware
from tuner.data.memory import available
from tuner.launchers import layouts
from tuner.launchers.backends import DRAWING, ONEDNN, THREEFRY
from tuner.launchers.layouts import Setting

BYTES_A_WORKER = 1_500 * 2**20
"""Memory that a TensorFlow worker with a small data set needs."""

MOST_WORKERS = 32

AT_A_TIME = {"jax": 4}
"""Workers that share a GPU: most of a small model's trial is compiling it, on the processor."""

BYTES_ON_GPU = 2 * 2**30
"""GPU memory that a worker with a small data set needs, the backend's own included."""

KEPT_FREE = 0.1
"""Share of a GPU's memory that is left to the driver where several workers share it."""


@dataclass(frozen=True)
class Placement:
    """Where one worker runs.

    Attributes:
        cpus: Processors to be pinned to; empty for all.
        gpu: Its GPU, as ``CUDA_VISIBLE_DEVICES`` takes it, or None.
        share: The share of the GPU's memory that it may take.
        gpu_memory: The same in bytes; 0 where that is not known.
        threads: Threads of its backend; 0 leaves the backend's default.
        onednn: Whether TensorFlow uses oneDNN's kernels, where the user does not say.
    """

    cpus: tuple[int, ...] = ()
    gpu: str | None = None
    share: float = 1.0
    gpu_memory: int = 0
    threads: int = 0
    onednn: bool = True

    def environment(self) -> dict[str, str]:
        """Variables that backends read when they are imported."""
        variables = {
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            # TensorFlow leaves oneDNN off on processors without VNNI, where its kernels were
            # measured at 2.5 to 5 times the speed all the same.
            ONEDNN: os.environ.get(ONEDNN, "1" if self.onednn else "0"),
            # Every shape of initial weights has a program of its own, and the newer way to draw
            # them takes XLA two to six times as long to compile.
            THREEFRY: os.environ.get(THREEFRY, "0"),
            DRAWING: os.environ.get(DRAWING, "1"),
        }
        if self.gpu is not None:
            variables[VISIBLE] = self.gpu
            if self.share < 1.0:
                variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{self.share:.3f}"
        if self.threads:
            for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
                variables[name] = str(self.threads)
        return variables


def placements(
    workers: int | Literal["auto"], goal: int, space: str | None = None
) -> list[Placement]:
    """Decides how many workers run and where.

    On a CPU small models gain little from several threads: one pinned, one-threaded worker for
    each core trains more models an hour than one worker with all cores does, unless `tuner bench`
    found otherwise for this machine and family. With GPUs, one worker or a few for each.

    Args:
        workers: How many, or ``auto``.
        goal: Trials still to be trained; more workers than that would idle.
        space: The search space, as a study names it.
    """
    found = gpus()
    cores = len(allowed_cpus()) or os.cpu_count() or 1
    count = automatic(found, cores, goal) if workers == "auto" else workers
    if found:
        return [_on_gpu(found, i, count) for i in range(count)]
    best = measured(space) if workers == "auto" and space is not None else None
    if best is not None and min(goal, _fit_in_memory()) >= best.workers:
        return laid_out(best)
    return [Placement()] if count == 1 else laid_out(Setting(count, max(1, cores // count)))


def _on_gpu(found: Sequence[Gpu], index: int, count: int) -> Placement:
    """The place of one of so many workers; those on one GPU share its memory evenly."""
    gpu = found[index % len(found)]
    beside = len(range(index % len(found), count, len(found)))
    share = 1.0 if beside == 1 else (1.0 - KEPT_FREE) / beside
    return Placement(gpu=gpu.name, share=share, gpu_memory=int(gpu.memory * share))


def measured(space: str) -> Setting | None:
    """The layout that `tuner bench` found for a search space's family; None where it did not."""
    family = layouts.family_of(space) if keras_backend() == "tensorflow" else None
    return layouts.remembered(layouts.machine_key(hardware()), family) if family else None


def laid_out(setting: Setting) -> list[Placement]:
    """A pinned worker for each share of the processors; one that has them all is not pinned."""
    allowed = allowed_cpus() if setting.workers > 1 else []
    share = range(setting.threads if allowed else 0)
    return [
        Placement(
            cpus=tuple(allowed[(i * setting.threads + k) % len(allowed)] for k in share),
            threads=setting.threads,
            onednn=setting.onednn,
        )
        for i in range(setting.workers)
    ]


def automatic(found: Sequence[Gpu], cores: int, goal: int) -> int:
    """How many workers this machine can feed.

    As many on each GPU as the backend gains by, one at least; without GPUs one a core. No more
    than cores, memory and the trials that are left allow.
    """
    most = min(cores, MOST_WORKERS, max(1, _fit_in_memory()))
    if found:
        room = min((g.memory // BYTES_ON_GPU for g in found if g.memory), default=MOST_WORKERS)
        each = min(AT_A_TIME.get(keras_backend(), 1), most // len(found), room)
        most = len(found) * max(1, each)
    return max(1, min(most, goal))


def _fit_in_memory() -> int:
    return available() // BYTES_A_WORKER
