"""What this machine has: processors, memory, GPUs."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path
from typing import Any

import psutil

from tuner.basics.gpus import gpus

_had: list[int] = []
"""The processors of this process before `pin`."""


def pin(cpus: list[int]) -> None:
    """Ties this process to some of its processors; `hardware` still tells of all of them.

    Args:
        cpus: Their numbers; with none, or where the system cannot do that, nothing is done.
    """
    if cpus and hasattr(os, "sched_setaffinity"):
        _had[:] = _had or allowed_cpus()
        os.sched_setaffinity(0, cpus)


def hardware() -> dict[str, Any]:
    """This machine, for the record of a result: processor, cores, memory in bytes, GPUs."""
    return {
        "processor": _processor(),
        "cores": len(_had or allowed_cpus()) or os.cpu_count() or 1,
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


def allowed_cpus() -> list[int]:
    """The processors that this process may use; empty where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
