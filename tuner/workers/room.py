"""Whether the memory that is free is enough for a command's workers, asked before they train."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner

from tuner.data import DataSet
from tuner.data.kinds import ImageKind, numbers_in
from tuner.data.memory import available, gigabytes
from tuner.specs.spec import SearchStudy, Study
from tuner.training.memory import NUMBER, LeastMemory, least_memory, on_host
from tuner.training.settings import read_settings

WIDE = 256
"""Channels of a wide layer of a small model."""
LARGE_BATCH = 512


def memory_warning(spec: Study, space: Any, data: DataSet, crew: int) -> str | None:
    """A line where the workers cannot all train the models that the study begins with.

    Args:
        spec: The study.
        space: Its hypermodel for the data.
        data: Its data set.
        crew: How many workers the command has.

    Returns:
        What a training needs, what there is, and what to do; None where nothing is known to lack.
    """
    free = available()
    places = numbers_in(data.kind)
    if isinstance(data.kind, ImageKind):
        places //= data.kind.shape[2]
    if crew * 2 * NUMBER * LARGE_BATCH * WIDE * places < free or not on_host():
        return None  # whatever the space builds: no model has to be built for it
    first = spec.reference if isinstance(spec, SearchStudy) else spec.base
    found = [_least(space, values, data) for values in ({}, first or {})]
    least = max((each for each in found if each is not None), key=lambda e: e.bytes, default=None)
    if least is None or crew * least.bytes <= free:
        return None
    return _line(least, data, crew, free)


def _line(least: LeastMemory, data: DataSet, crew: int, free: int) -> str:
    fit = free // least.bytes
    together = f", {crew} workers {gigabytes(crew * least.bytes)}" if crew > 1 else ""
    fewer = f"--workers {fit}, " if 0 < fit < crew else ""
    return (
        f"a training on {data.kind.plural} of {data.kind.described()} needs at least "
        f"{gigabytes(least.bytes)} of memory ({least.described()}){together}, and "
        f"{gigabytes(free)} are free: use {fewer}smaller {data.kind.plural}, or a smaller "
        "batch_size in the search space."
    )


def _least(space: Any, values: dict[str, Any], data: DataSet) -> LeastMemory | None:
    """Of one configuration; None where it cannot be built, of which its trial will tell."""
    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    try:
        model = space.build(hp)
        if not model.built:
            return None
        if data.pipeline:
            return None
        return least_memory(model, data.train()[0], read_settings(hp.values).batch_size)
    except Exception:
        return None
    finally:
        keras.utils.clear_session(free_memory=False)
