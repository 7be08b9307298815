"""Runs workers as processes of this machine: starts, watches, replaces and stops them."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from tuner import errors, speed
from tuner.environment import keras_backend
from tuner.errors import TunerError
from tuner.gpus import VISIBLE, Gpu, usable, visible
from tuner.orders import Orders
from tuner.speed import Setting
from tuner.worker import EXIT_DONE, EXIT_ERROR, EXIT_RECYCLE

BYTES_A_WORKER = 1_500 * 2**20
"""Memory that a TensorFlow worker with a small data set needs."""
MOST_WORKERS = 32
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""TensorFlow's switch for the faster of its two sets of CPU kernels."""
THREEFRY = "JAX_THREEFRY_PARTITIONABLE"
"""JAX's switch between two ways to draw random numbers."""
DRAWING = "JAX_THREEFRY_GPU_KERNEL_LOWERING"
"""And whether a GPU draws them with a kernel that is there already: compiles in half the time."""
PROGRAMS = "JAX_COMPILATION_CACHE_DIR"
"""Where JAX keeps compiled programs, and what it measured of a GPU's kernels meanwhile."""
AT_A_TIME = {"jax": 4}
"""Workers that share a GPU: most of a small model's trial is compiling it, on the processor."""
BYTES_ON_GPU = 2 * 2**30
"""GPU memory that a worker with a small data set needs, the backend's own included."""
KEPT_FREE = 0.1
"""Share of a GPU's memory that is left to the driver where several workers share it."""
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""What a fault in a library's kernel ends a process with."""
MOST_DEATHS = 5
"""So many workers dying in a row without ending a trial end the search."""


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
    with tempfile.TemporaryDirectory(prefix="tuner-programs-") as folder:
        yield {PROGRAMS: folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}


def hardware() -> dict[str, Any]:
    """This machine, for the record of a result: processor, cores, memory in bytes, GPUs."""
    return {
        "processor": _processor(),
        "cores": len(_allowed()) or os.cpu_count() or 1,
        "memory": psutil.virtual_memory().total,
        "gpus": len(gpus()),
        "system": platform.system(),
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _allowed() -> list[int]:
    """The processors that this process may use; empty where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


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
    cores = len(_allowed()) or os.cpu_count() or 1
    count = automatic(found, cores, goal) if workers == "auto" else workers
    if found:
        return [_on_gpu(found, i, count) for i in range(count)]
    best = measured(space) if workers == "auto" and space is not None else None
    if best is not None and min(goal, _fit_in_memory()) >= best.workers:
        return laid_out(best)
    return [Placement()] if count == 1 else laid_out(Setting(count, max(1, cores // count)))


def gpus() -> list[Gpu]:
    """The GPUs that the backend can use."""
    return visible() if usable(keras_backend()) else []


def _on_gpu(found: Sequence[Gpu], index: int, count: int) -> Placement:
    """The place of one of so many workers; those on one GPU share its memory evenly."""
    gpu = found[index % len(found)]
    beside = len(range(index % len(found), count, len(found)))
    share = 1.0 if beside == 1 else (1.0 - KEPT_FREE) / beside
    return Placement(gpu=gpu.name, share=share, gpu_memory=int(gpu.memory * share))


def measured(space: str) -> Setting | None:
    """The layout that `tuner bench` found for a search space's family; None where it did not."""
    family = speed.family_of(space) if keras_backend() == "tensorflow" else None
    return speed.remembered(speed.machine_key(hardware()), family) if family else None


def laid_out(setting: Setting) -> list[Placement]:
    """A pinned worker for each share of the processors; one that has them all is not pinned."""
    allowed = _allowed() if setting.workers > 1 else []
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
    return int(psutil.virtual_memory().available // BYTES_A_WORKER)


class Crew:
    """The worker processes of one command."""

    def __init__(self, orders: Orders, places: list[Placement], logs: Path) -> None:
        """Starts one worker for each place; their backends' chatter goes to files in `logs`."""
        self.logs = logs
        self.orders = [
            replace(
                orders,
                index=i,
                cpus=list(p.cpus),
                environment={**orders.environment, **p.environment()},
                gpu_memory=p.gpu_memory if p.share < 1.0 else 0,
            )
            for i, p in enumerate(places)
        ]
        self.stopping = False
        self.deaths = 0
        self.processes: list[subprocess.Popen[str] | None] = [None] * len(places)
        for index in range(len(places)):
            self._start(index)

    def _start(self, index: int) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"worker-{index}.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tuner.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # A Ctrl-C in the terminal is this process's to pass on.
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(self.orders[index].to_json() + "\n")
        process.stdin.flush()
        self.processes[index] = process

    @property
    def size(self) -> int:
        """How many workers there are, ended ones included."""
        return len(self.processes)

    def check(self, died: Callable[[int, int], None]) -> bool:
        """Replaces workers that ask for it or have died.

        Args:
            died: Called with the process id and the exit code of each worker that died on its own.

        Returns:
            Whether any worker still runs.

        Raises:
            TunerError: A worker met an error that ends the search.
        """
        for index, process in enumerate(self.processes):
            if process is None or process.poll() is None:
                continue
            self.processes[index] = None
            output = _close(process)
            if process.returncode == EXIT_ERROR:
                self._raise(output, index)
            if process.returncode == EXIT_DONE or self.stopping:
                continue
            if process.returncode != EXIT_RECYCLE:
                self._count_death(index)
                self._beware(index, process.returncode)
                died(process.pid, process.returncode)
            self._start(index)
        return any(p is not None for p in self.processes)

    def _count_death(self, index: int) -> None:
        self.deaths += 1
        if self.deaths >= MOST_DEATHS:
            raise TunerError(
                f"{self.deaths} workers died one after the other without ending a trial; "
                f"see {self.logs / f'worker-{index}.log'}."
            )

    def _beware(self, index: int, code: int) -> None:
        """After a crash in native code the worker's successor does without oneDNN."""
        if -code in CRASHES:
            orders = self.orders[index]
            self.orders[index] = replace(orders, environment={**orders.environment, ONEDNN: "0"})

    def _raise(self, output: str, index: int) -> None:
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if not lines:
            raise TunerError(f"a worker failed; see {self.logs / f'worker-{index}.log'}.")
        told = json.loads(lines[-1])
        kind = getattr(errors, told["kind"], TunerError)
        raise kind(told["message"])

    def ask_to_stop(self) -> None:
        """Asks every worker to stop after its running epoch."""
        self.stopping = True
        for process in self.processes:
            if process is not None and process.stdin is not None:
                try:
                    process.stdin.write("stop\n")
                    process.stdin.flush()
                except OSError:  # it has ended meanwhile
                    continue

    def kill(self) -> None:
        """Ends every worker at once."""
        self.stopping = True
        for process in self.processes:
            if process is not None:
                process.kill()
                _close(process)
        self.processes = [None] * len(self.processes)


def _close(process: subprocess.Popen[str]) -> str:
    """Waits for an ended worker and closes its pipes; returns what it had printed."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdout as out:
        output = out.read()
    with contextlib.suppress(OSError):  # a line that the worker did not live to read
        process.stdin.close()
    process.wait()
    return output
