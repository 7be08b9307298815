"""Trains configurations anew, each from its first epoch to its last in one go."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import task

from tuner.launchers.placement import Placement, placements

Training = dict[str, Any]
"""``params`` as Optuna stores them, ``seed``, and how many ``epochs``."""


def histories(folder: Path, trainings: list[Training]) -> list[list[dict[str, float]]]:
    """What each epoch of these trainings gives, two at a time, placed as a search's workers are.

    Args:
        folder: Of the study.
        trainings: Which.
    """
    places = placements(2, 2, None)
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    for place in places:
        queue.put(place)
    with context.Pool(len(places), _place, (queue, str(folder))) as pool:
        return pool.map(_train, trainings, chunksize=1)


def _place(queue: Any, folder: str) -> None:
    from tuner.workers.process import set_up

    place: Placement = queue.get()
    os.chdir(folder)
    set_up(place.environment(), list(place.cpus))


def _train(training: Training) -> list[dict[str, float]]:
    import keras
    import optuna

    from tuner import data
    from tuner.spaces.hyperparameters import TrialHyperParameters
    from tuner.spaces.loading import load_space
    from tuner.training.loop import Examples, epochs
    from tuner.training.settings import read_settings

    found = data.resolve(f"{task.NAME}.npz")
    space = load_space(
        f"{task.NAME}.py:Stripes",
        input_shape=found.kind.shape,
        num_classes=len(found.classes),
        train_size=found.train_size,
        horizon=task.HORIZON,
        options={},
    )
    keras.utils.set_random_seed(training["seed"])
    hp = TrialHyperParameters(optuna.trial.FixedTrial(training["params"]))
    model = space.build(hp)
    settings = read_settings(hp.values)
    told = []
    for epoch in epochs(
        model,
        Examples(*found.train(), *found.validation(), len(found.classes)),
        horizon=task.HORIZON,
        batch_size=settings.batch_size,
        augmentation=settings.augmentation,
        seed=training["seed"],
    ):
        told.append(asdict(epoch))
        if len(told) == training["epochs"]:
            break
    keras.utils.clear_session(free_memory=False)
    return told
