"""How workers are laid out on a machine, as `tuner bench` measured it and remembers it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from tuner.basics.environment import cache_folder
from tuner.basics.files import whole


@dataclass(frozen=True)
class Setting:
    """A way to use a machine's processors.

    Attributes:
        workers: How many at a time.
        threads: Threads of each worker's backend; its processors are that many, its own.
        onednn: Whether TensorFlow uses oneDNN's kernels.
        bfloat16: Whether layers compute in bfloat16; searches compute in float32.
    """

    workers: int
    threads: int
    onednn: bool = True
    bfloat16: bool = False

    def __str__(self) -> str:
        words = f"{self.workers} x {self.threads} thread{'' if self.threads == 1 else 's'}"
        return words + ", oneDNN off" * (not self.onednn) + ", bfloat16" * self.bfloat16


def file() -> Path:
    """Where settings are remembered, for every machine that shares the cache folder."""
    return cache_folder() / "speed.json"


def machine_key(hardware: dict[str, Any]) -> str:
    """The machine and the backend that a measurement holds for."""
    try:
        version = metadata.version("tensorflow")
    except metadata.PackageNotFoundError:
        version = "none"
    return (
        f"{hardware['processor']}, {hardware['cores']} cores, {hardware['gpus']} GPUs, "
        f"TensorFlow {version}"
    )


def family_of(space: str) -> str | None:
    """The built-in family that a search space, MODULE:CLASS, belongs to; None for anyone's own."""
    package, _, module = space.partition(":")[0].rpartition(".")
    return module if package == "search_spaces" else None


def remembered(key: str, family: str) -> Setting | None:
    """What was measured as the fastest; None where nothing was, or it cannot be read."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        found = Setting(**_read()[key][family])
        if found.workers >= 1 and found.threads >= 1:
            return found
    return None


def remember(key: str, fastest: dict[str, Setting]) -> Path:
    """Keeps the fastest settings by family, beside those of other machines and families.

    Returns:
        The file.

    Raises:
        OSError: It cannot be written.
    """
    known = _read()
    known.setdefault(key, {}).update({f: dataclasses.asdict(s) for f, s in fastest.items()})
    target = file()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}")
    with whole(part, target):
        part.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
    return target


def _read() -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: families for key, families in found.items() if isinstance(families, dict)}
