"""From what a user wishes to a study in the storage and the orders for its workers."""

from __future__ import annotations

import dataclasses
import importlib.util
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import optuna

from tuner import data as images
from tuner.basics.environment import keras_backend
from tuner.basics.secrets import NEEDS_VARIABLE, has_secret
from tuner.data import DataSet
from tuner.errors import DataError, DataUnavailableError, TunerError, UsageError
from tuner.objectives.proof import Prove
from tuner.pruners.registry import PRUNERS
from tuner.records.keys import StudyKey
from tuner.records.proofs import prove_of
from tuner.records.studies import StudyRecord
from tuner.samplers.registry import SAMPLERS
from tuner.sessions import cells
from tuner.sessions.agreement import agree
from tuner.sessions.measures import measure
from tuner.sessions.places import drive_warning, open_places
from tuner.sessions.spaces import check_space
from tuner.sessions.trust import met_by_a_constant
from tuner.sessions.watcher import Watcher
from tuner.sessions.wish import (
    Wish,
    assign,
    full_name,
    goal,
    overridden,
    resume_arguments,
    shortened,
)
from tuner.spaces import carried
from tuner.spaces.carried import is_carried
from tuner.specs.files import read_study
from tuner.specs.spec import SearchStudy, Study, from_dict
from tuner.storages import shared_artifacts, warm_start
from tuner.storages.network_files import require_shareable
from tuner.storages.opening import chosen_url, open_storage
from tuner.storages.patience import Patience
from tuner.storages.studies import find_study, study_names
from tuner.workers.orders import WorkerOrders

BACKENDS = ("tensorflow", "jax", "torch")
"""Of Keras, on which it can train."""

STAND_IN = "shapes10"
"""Drawn by the program; stands in for CIFAR-10 where that cannot be had."""

NONE: Mapping[str, Any] = MappingProxyType({})

NOT_PROVEN = (
    "nothing of what this search finds will be proven, for so many of the test images were learned "
    "from; to prove it all the same, add --accept-duplicates."
)


@dataclass(frozen=True)
class Planned:
    """A study that exists, and what its workers are to be told."""

    study: optuna.Study
    spec: Study
    orders: WorkerOrders
    folder: Path
    arguments: tuple[str, ...]
    """The command line, behind ``tuner search``, that goes on with it; none where only the cell of
    a notebook does."""
    prove: Prove = "none"
    """What is to be proven of what it finds; nothing, where its test images prove nothing."""
    certifiable: bool = True
    """Whether a proof on its test images is worth something, or is wanted all the same."""


def plan(wish: Wish, watcher: Watcher, *, apart: bool = True) -> Planned:
    """Reads the study, finds its data, makes it in the storage or checks that it is the same.

    Args:
        wish: What its user asked for.
        watcher: Is told what its user should know.
        apart: Whether other processes are to train, which must be sent what no file holds.

    Raises:
        TunerError: Whatever of it cannot be done.
    """
    spec = overridden(_read(wish), wish)
    _begin()
    # Before anything is written: what is wrong with it is most often found here.
    for heavy in cells.require_sendable(spec, wish.workers) if apart else ():
        watcher.notice(heavy)
    data = find_data(spec, wish.data, watcher, relabel=wish.relabel)
    begun = time.time()
    yardstick = measure(spec, data, apart=apart)
    check_space(spec, data, wish.timeout)
    url = chosen_url(wish.storage, wish.results.resolve())
    if wish.workers == 0:
        require_shareable(url)
    patience = Patience(watcher.notice)
    if (why := drive_warning(url)) is not None:
        watcher.notice(why)
    # Before the storage has a study that counts on it.
    named = None if wish.artifacts is None else shared_artifacts.probe(wish.artifacts)
    storage = open_places(
        url, wish.results, patience, begins_with=wish.warm_start, metric=spec.measured
    )
    if wish.storage is not None and has_secret(wish.storage):
        watcher.notice(NEEDS_VARIABLE)
    name = full_name(spec, wish, data)
    if (short := shortened(name)) != name and name not in study_names(storage):
        name = short
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="minimize",
        load_if_exists=True,
        pruner=optuna.pruners.NopPruner(),
    )
    begins = StudyKey.SCHEMA not in study.user_attrs
    agree(study, spec, data, wish.seed, yardstick)
    shared_artifacts.agree(study, named)
    held = carried.carried_of(spec.model_dump())
    if begins and isinstance(spec, SearchStudy) and held:
        cells.remember(study, spec)
        if why := cells.changed(spec, storage):
            watcher.notice(why)
    if why := met_by_a_constant(spec, data, yardstick):
        watcher.notice(why)
    warm_start.agree(study, wish.warm_start)
    record = StudyRecord.of(study)
    folder = (wish.results / name).resolve()
    orders = dataclasses.replace(
        _orders(study, url, folder, data, goal(spec, wish, record, len(data))),
        sampler=wish.sampler,
        pruner=wish.pruner,
        until_little_gain=wish.trials == "auto",
        reference=wish.reference,
        deadline=None if wish.timeout is None else begun + wish.timeout,
    )
    certifiable = wish.accept_duplicates or not any(map(images.certificate_refusal, data.values()))
    prove = _prove(study, spec, wish)
    if prove != "none" and not certifiable:
        watcher.notice(NOT_PROVEN)
        prove = "none"
    arguments = () if held else resume_arguments(wish, orders.goal)
    return Planned(study, spec, orders, folder, arguments, prove, certifiable)


def _read(wish: Wish) -> Study:
    """The study that is wished for.

    Raises:
        TunerError: It cannot be read; of one that a notebook has made, which cell goes on with it.
    """
    if not isinstance(wish.study, str):
        return wish.study
    try:
        return read_study(wish.study)
    except TunerError as error:
        url = chosen_url(wish.storage, wish.results.resolve())
        if (why := cells.only_a_cell(wish.study, url)) is not None:
            raise UsageError(why) from error
        raise


def _prove(study: optuna.Study, spec: Study, wish: Wish) -> Prove:
    """What is to be proven, as this command has it; the study remembers it."""
    if not isinstance(spec, SearchStudy):
        return "none"
    prove = wish.prove or spec.prove
    if study.user_attrs.get(StudyKey.PROVE) != prove:
        study.set_user_attr(StudyKey.PROVE, prove)
    return prove


def forget(planned: Planned) -> None:
    """Removes a study that was made for a function of which nothing could be trained."""
    study = planned.study
    if is_carried(planned.spec.space) and not study.get_trials(deepcopy=False):
        optuna.delete_study(study_name=study.study_name, storage=study._storage)


def plan_again(
    name: str,
    storage: str | None,
    results: Path,
    source: str | None,
    watcher: Watcher,
    *,
    accept_duplicates: bool = False,
    functions: Mapping[str, Any] = NONE,
) -> Planned:
    """Plans certificates of a search that has results, without asking for what it was made of.

    Args:
        name: The study's name.
        storage: URL of its storage; None: the SQLite file in `results`.
        results: The results folder.
        source: Where its images are now; None: where they were.
        watcher: Is told where the storage has to be waited for, and what is odd about the data.
        accept_duplicates: Whether test images that were learned from are no reason to refuse.
        functions: By a study's keys, functions of a notebook's that it was made with.

    Raises:
        UsageError: There is no such study, or it was made with other functions.
        DataError: Its images cannot be found, or are others by now, or too many of the test images
            are training images as well.
        StorageError: The storage cannot be reached.
    """
    _begin()
    url = chosen_url(storage, results.resolve())
    opened = open_storage(url, create=False, patience=Patience(watcher.notice))
    study = find_study(name, opened)
    spec = from_dict(study.user_attrs[StudyKey.STUDY])
    cells.require_functions(study.study_name, spec, functions)
    stored = study.user_attrs[StudyKey.DATA]
    data = {
        key: images.resolve(
            source or was["source"], seed=spec.split_seed, relabel=bool(was.get("relabel"))
        )
        for key, was in stored.items()
    }
    if not accept_duplicates:
        for refusal in filter(None, map(images.certificate_refusal, data.values())):
            raise DataError(refusal)
    _tell(data, watcher)
    agree(study, spec, data, int(study.user_attrs[StudyKey.SEED]))
    shared_artifacts.require(study)
    done = len(StudyRecord.of(study).trained)
    folder = (results / study.study_name).resolve()
    orders = _orders(study, url, folder, data, done)
    return Planned(study, spec, orders, folder, (name,), prove_of(study.user_attrs))


def _begin() -> None:
    """Quietens Optuna, and refuses a backend of Keras's that no worker could load."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    backend = keras_backend()
    if backend not in BACKENDS:
        raise UsageError(
            f"Keras knows no backend {backend!r} (KERAS_BACKEND, or the file keras.json); "
            f"set KERAS_BACKEND to one of {', '.join(BACKENDS)}."
        )
    if importlib.util.find_spec(backend) is None:
        raise UsageError(
            f"Keras's backend is {backend!r} (KERAS_BACKEND, or the file keras.json), which is "
            f"not installed; install {backend}, or set KERAS_BACKEND=tensorflow."
        )


def _orders(
    study: optuna.Study, url: str, folder: Path, data: dict[str, DataSet], goal: int
) -> WorkerOrders:
    seed = int(study.user_attrs[StudyKey.STUDY].get("split_seed", 0))
    return WorkerOrders(
        study_name=study.study_name,
        storage=url,
        results=str(folder),
        data={key: d.reference(seed) for key, d in data.items()},
        goal=goal,
        first_trial=len(study.get_trials(deepcopy=False)),
        seed=int(study.user_attrs[StudyKey.SEED]),
        index=0,
        sampler=SAMPLERS[0],
        pruner=PRUNERS[0],
        reference=True,
    )


def find_data(
    spec: Study, given: tuple[str, ...], watcher: Watcher, *, relabel: bool = False
) -> dict[str, DataSet]:
    """Resolves the study's data sets, by the name that the study gives each.

    What their user should know of them, the watcher is told.

    Raises:
        DataError: One cannot be found or read.
        UsageError: What was given does not fit what the study names.
    """
    sources = assign(spec.datasets(), given)
    found = {}
    for name in spec.datasets():
        try:
            source = sources.get(name, name)
            found[name] = images.resolve(source, seed=spec.split_seed, relabel=relabel)
        except DataUnavailableError as error:
            if name in sources:
                raise
            if name != "cifar10":
                raise DataUnavailableError(
                    f"{error} The study {spec.name!r} needs {name}: give it with "
                    f"--data {name}=FOLDER."
                ) from error
            watcher.notice(
                "CIFAR-10 is neither on this machine nor reachable: going on with "
                f"{STAND_IN}, ten classes of objects that this program draws. Results belong to "
                f"{spec.name}@{STAND_IN} and say nothing about CIFAR-10. "
                "To use real images: --data PATH.",
                banner=True,
            )
            found[name] = images.resolve(STAND_IN, seed=spec.split_seed)
    _tell(found, watcher)
    return found


def _tell(data: dict[str, DataSet], watcher: Watcher) -> None:
    for each in data.values():
        for note in images.notes_on(each):
            watcher.notice(note)
