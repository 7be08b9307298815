"""Measures how fast this machine trains, and under which layout of workers the fastest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tuner.basics import gpus, hardware
from tuner.basics.environment import keras_backend
from tuner.bench.models import MODELS
from tuner.bench.team import Team, team_of
from tuner.errors import UsageError
from tuner.launchers import layouts, placement
from tuner.launchers.layouts import Setting

BATCH_SIZE = 128

NOISE = 1.03
"""A setting counts as faster than the usual one from this ratio on."""

TRAINING_OPERATIONS = 6
"""Floating-point operations a multiply-accumulate: two forward, four for the two gradients."""

TRAINING_BYTES = 5 * 4
"""Bytes moved for each activation: written and read forward; read, its gradient written and read
backward, in float32. A step that fuses operations moves fewer, one that does not, more."""

Limit = Literal["operations", "bytes"]

LIMITS: tuple[Limit, ...] = get_args(Limit)


@dataclass(frozen=True)
class Pace:
    """One model under one setting.

    Attributes:
        family: dense, cnn or resnet.
        size: Trainable parameters.
        macs: Multiply-accumulates of an image.
        activations: Numbers that its operations write for an image.
        setting: The layout.
        rate: Images a second of all workers together.
    """

    family: str
    size: int
    macs: int
    activations: int
    setting: Setting
    rate: float


@dataclass(frozen=True)
class Benchmark:
    """What was measured.

    Attributes:
        hardware: The machine, as `tuner.basics.hardware.hardware` describes it.
        usual: The layout that a search takes without any measurement.
        backend: TensorFlow's own: one worker with all processors.
        limits: Floating-point operations and bytes a second under the usual layout.
        paces: Every model under every setting.
        fastest: The chosen setting of each family.
    """

    hardware: dict[str, Any]
    usual: Setting
    backend: Setting
    limits: dict[Limit, float]
    paces: list[Pace]
    fastest: dict[str, Setting]

    def of(self, family: str, size: int) -> dict[Setting, Pace]:
        """One model's paces by setting."""
        return {p.setting: p for p in self.paces if p.family == family and p.size == size}

    def of_limit(self, pace: Pace) -> tuple[float, Limit]:
        """The share of the machine's limit that is reached, and which limit is the nearer one.

        The limits are measured with simple code: what stays in the caches may pass that of bytes.
        """
        done: dict[Limit, float] = {
            "operations": pace.rate * pace.macs * TRAINING_OPERATIONS,
            "bytes": pace.rate * pace.activations * TRAINING_BYTES,
        }
        nearer = max(done, key=lambda name: done[name] / self.limits[name])
        return done[nearer] / self.limits[nearer], nearer


def settings(cores: int, *, full: bool = False) -> list[Setting]:
    """The layouts to try on so many processors; the usual one first, the backend's own second."""
    usual = Setting(min(cores, placement.MOST_WORKERS), 1)
    found = [usual, Setting(1, cores)]
    found += [Setting(cores // n, n) for n in (2, 4) if cores % n == 0 and cores > n]
    varied = found if full else found[:1]
    return list(
        dict.fromkeys(
            [
                *found,
                *(replace(s, onednn=False) for s in varied),
                *(replace(s, bfloat16=True) for s in varied),
            ]
        )
    )


def compare_layouts(
    families: Sequence[str] = (),
    *,
    seconds: float = 3.0,
    full: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Benchmark:
    """Trains models of some families under every layout, and finds the fastest of each family.

    Args:
        families: Of `MODELS`; none: all.
        seconds: How long each model trains under each setting.
        full: Try every combination.
        progress: Told what is being measured.

    Raises:
        UsageError: A family is unknown, the backend is not TensorFlow, or this machine trains on
            a GPU.
        TunerError: A process died.
    """
    _require_comparable(families)
    machine = hardware.hardware()
    chosen = tuple(families or MODELS)
    tried = settings(machine["cores"], full=full)
    paces: list[Pace] = []
    limits: dict[Limit, float] = {}
    for setting in tried:
        with team_of(setting) as team:
            progress(f"{setting}: starting TensorFlow")
            if not limits:
                limits = {name: team.run({"model": None, "limit": name}, 1.0)[1] for name in LIMITS}
            paces += _paces(team, setting, chosen, seconds, progress)
    fastest = {family: fastest_of([p for p in paces if p.family == family]) for family in chosen}
    return Benchmark(machine, tried[0], Setting(1, machine["cores"]), limits, paces, fastest)


def _require_comparable(families: Sequence[str]) -> None:
    for family in families:
        if family not in MODELS:
            raise UsageError(f"no family is called {family!r}; there are {', '.join(MODELS)}.")
    if (backend := keras_backend()) != "tensorflow":
        raise UsageError(
            f"'tuner bench' measures TensorFlow, and Keras's backend is {backend!r} here; "
            "run it with KERAS_BACKEND=tensorflow."
        )
    if gpus.gpus():
        raise UsageError(
            "this machine trains on a GPU, and 'tuner bench' compares layouts of processors; "
            "to measure those all the same, set CUDA_VISIBLE_DEVICES to nothing."
        )


def _paces(
    team: Team,
    setting: Setting,
    families: Sequence[str],
    seconds: float,
    progress: Callable[[str], None],
) -> Iterator[Pace]:
    for family in families:
        for number, model in enumerate(MODELS[family], 1):
            progress(f"{setting}: {family}, model {number}")
            job = {"model": model, "batch_size": BATCH_SIZE, "bfloat16": setting.bfloat16}
            facts, rate = team.run(job, seconds)
            yield Pace(family, setting=setting, rate=rate, **facts)


def fastest_of(paces: Sequence[Pace]) -> Setting:
    """The setting with the highest geometric mean over models; the first unless clearly slower.

    Never one in bfloat16: it is shown for whoever trains wide models, but normalised narrow ones,
    where a search ends, lose by it, and what a search stores is to be the same on every machine.
    """
    by_setting: dict[Setting, float] = {}
    for pace in paces:
        if pace.setting.bfloat16:
            continue
        by_setting[pace.setting] = by_setting.get(pace.setting, 0.0) + math.log(pace.rate)
    usual = next(iter(by_setting))
    models = len({p.size for p in paces})
    best = max(by_setting, key=lambda setting: by_setting[setting])
    clearly = by_setting[best] - by_setting[usual] > models * math.log(NOISE)
    return best if clearly else usual


def remember_fastest(found: Benchmark) -> Path:
    """Keeps the chosen settings for the searches to come; where."""
    return layouts.remember(layouts.machine_key(found.hardware), found.fastest)
