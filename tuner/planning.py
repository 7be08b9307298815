"""From what a user wishes to a study in the storage and the orders for its workers."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pydantic

from tuner import data as images
from tuner import warm_start
from tuner.data import DataSet
from tuner.environment import keras_backend
from tuner.errors import DataUnavailableError, StudyChangedError, UsageError
from tuner.orders import Orders
from tuner.record import SCHEMA, StudyKey, StudyRecord
from tuner.storage import chosen_url, find_study, open_storage, prepare_results, told
from tuner.study import Minimize, SearchStudy, Study, SweepStudy, from_dict, read_study
from tuner.versions import versions
from tuner.watch import Watcher

BACKENDS = ("tensorflow", "jax", "torch")
"""Of Keras, on which it can train."""
DEFAULT_TRIALS = 50
STAND_IN = "shapes10"
"""Drawn by the program; stands in for CIFAR-10 where that cannot be had."""
TEXT_KEYS = frozenset({"name", "question", "reference_name", "data"})
"""Keys that may change under a study's results; the data is compared by its content instead."""


@dataclass(frozen=True)
class Wish:
    """What a user asked `tuner.search` for; see there."""

    study: str | Study
    data: tuple[str, ...]
    trials: int | None
    more: int | None
    seed: int
    storage: str | None
    results: Path
    target: float | None
    margin: float | None
    minimize: Minimize | None
    warm_start: str | None = None


@dataclass(frozen=True)
class Planned:
    """A study that exists, and what its workers are to be told."""

    study: optuna.Study
    spec: Study
    orders: Orders
    folder: Path
    arguments: tuple[str, ...]
    """The command line, behind ``tuner search``, that goes on with it."""


def plan(wish: Wish, watcher: Watcher) -> Planned:
    """Reads the study, finds its data, makes it in the storage or checks that it is the same.

    Raises:
        TunerError: Whatever of it cannot be done.
    """
    spec = overridden(read_study(wish.study) if isinstance(wish.study, str) else wish.study, wish)
    _begin()
    prepare_results(wish.results)
    url = chosen_url(wish.storage, wish.results.resolve())
    storage = open_storage(url)
    data = find_data(spec, wish.data, watcher)
    name = full_name(spec, wish, data)
    with told(url):
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            direction="minimize",
            load_if_exists=True,
            pruner=optuna.pruners.NopPruner(),
        )
        agree(study, spec, data, wish.seed)
        warm_start.agree(study, wish.warm_start)
        record = StudyRecord.of(study)
    folder = (wish.results / name).resolve()
    orders = _orders(study, url, folder, data, goal(spec, wish, record, len(data)))
    return Planned(study, spec, orders, folder, resume_arguments(wish, orders.goal))


def plan_again(name: str, storage: str | None, results: Path, source: str | None) -> Planned:
    """Plans further work on a search that has results, without asking for what it was made of.

    Args:
        name: The study's name.
        storage: URL of its storage; None: the SQLite file in `results`.
        results: The results folder.
        source: Where its images are now; None: where they were.

    Raises:
        UsageError: There is no such study.
        DataError: Its images cannot be found, or are others by now.
        StorageError: The storage cannot be reached.
    """
    _begin()
    url = chosen_url(storage, results.resolve())
    with told(url):
        study = find_study(name, open_storage(url, create=False))
        spec = from_dict(study.user_attrs[StudyKey.STUDY])
        stored = study.user_attrs[StudyKey.DATA]
        data = {
            key: images.resolve(source or was["source"], seed=spec.split_seed)
            for key, was in stored.items()
        }
        agree(study, spec, data, int(study.user_attrs[StudyKey.SEED]))
        done = len(StudyRecord.of(study).trained)
    folder = (results / study.study_name).resolve()
    return Planned(study, spec, _orders(study, url, folder, data, done), folder, (name,))


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
) -> Orders:
    return Orders(
        study_name=study.study_name,
        storage=url,
        results=str(folder),
        data={key: d.to_fields() for key, d in data.items()},
        goal=goal,
        seed=int(study.user_attrs[StudyKey.SEED]),
        index=0,
        sampler="smallest",
        pruner="target",
        reference=True,
    )


def overridden(spec: Study, wish: Wish) -> Study:
    """The study with the target, margin and quantity that the user gave instead of its own.

    Raises:
        UsageError: A sweep has none of these, or a value is out of range.
    """
    if isinstance(spec, SweepStudy) and wish.warm_start is not None:
        raise UsageError(f"study {spec.name!r} is a sweep: no evidence changes what it trains.")
    given = {"target": wish.target, "margin": wish.margin, "minimize": wish.minimize}
    given = {key: value for key, value in given.items() if value is not None}
    if not given:
        return spec
    if isinstance(spec, SweepStudy):
        raise UsageError(f"study {spec.name!r} is a sweep and has no {' or '.join(given)}.")
    try:
        return from_dict({**spec.model_dump(), **given})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        rule = first["msg"].removeprefix("Input ")
        raise UsageError(f"--{first['loc'][-1]} {rule} but got {first['input']!r}.") from error


def find_data(spec: Study, given: tuple[str, ...], watcher: Watcher) -> dict[str, DataSet]:
    """Resolves the study's data sets, by the name that the study gives each.

    Raises:
        DataError: One cannot be found or read.
        UsageError: What was given does not fit what the study names.
    """
    names = spec.datasets()
    sources = assign(names, given)
    found = {}
    for name in names:
        if name in sources:
            found[name] = images.resolve(sources[name], seed=spec.split_seed)
            continue
        try:
            found[name] = images.resolve(name, seed=spec.split_seed)
        except DataUnavailableError as error:
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
    return found


def assign(names: tuple[str, ...], given: tuple[str, ...]) -> dict[str, str]:
    """Which source was given for which of the study's data sets.

    Raises:
        UsageError: There are more sources than data sets, or it is unclear which is meant.
    """
    sources = {}
    for text in given:
        name, separator, source = text.partition("=")
        if separator and name in names:
            sources[name] = source
        elif len(names) == 1 and not sources:
            sources[names[0]] = text
        else:
            wanted = ", ".join(f"--data {n}=PATH" for n in names)
            raise UsageError(f"--data {text!r} does not fit the study; it takes {wanted}.")
    return sources


def full_name(spec: Study, wish: Wish, data: dict[str, DataSet]) -> str:
    """The study's name in the storage: what was changed about it makes another study.

    ``q10``, ``q10@shapes10``, ``q10-target-0.7-macs@shapes10``.
    """
    parts = [spec.name]
    if wish.target is not None:
        parts.append(f"target-{wish.target:g}")
    if wish.margin is not None:
        parts.append(f"margin-{wish.margin:g}")
    if wish.minimize is not None and wish.minimize != "size":
        parts.append(wish.minimize)
    other = [d.name for key, d in data.items() if key != d.source]
    return "-".join(parts) + ("@" + "+".join(other) if other else "")


def agree(study: optuna.Study, spec: Study, data: dict[str, DataSet], seed: int) -> None:
    """Writes what the study is, or checks that it still is what its results were made with.

    Raises:
        StudyChangedError: The study file or its data has changed since.
        UsageError: The storage has a study of that name which this tool did not make.
    """
    described = {key: describe(d) for key, d in data.items()}
    attributes = study.user_attrs
    if StudyKey.SCHEMA not in attributes:
        if study.get_trials(deepcopy=False):
            raise UsageError(
                f"the storage has a study {study.study_name!r} that was not made by this tool; "
                "use another storage or study name."
            )
        first = next(iter(data.values()))
        margin = spec.margin_for(first.validation_size) if isinstance(spec, SearchStudy) else 0.0
        for key, value in {
            StudyKey.STUDY: spec.model_dump(),
            StudyKey.DATA: described,
            StudyKey.MARGIN: margin,
            StudyKey.SEED: seed,
            StudyKey.VERSIONS: versions(),
            StudyKey.CREATED_BY: " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            StudyKey.SCHEMA: SCHEMA,
        }.items():
            study.set_user_attr(key, value)
        return
    compare(study.study_name, attributes[StudyKey.STUDY], spec.model_dump())
    # Compared in the study's order: the folder that holds study and images may have moved.
    for was, now in zip(attributes[StudyKey.DATA].values(), described.values(), strict=True):
        if was["hash"] != now["hash"]:
            raise StudyChangedError(
                f"study {study.study_name!r}: its results were made on {was['source']!r} "
                f"(hash {was['hash'][:12]}), but {now['source']!r} holds other images "
                f"(hash {now['hash'][:12]}); give the same data or another --results folder."
            )


def compare(name: str, was: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses a study file that changed under its results, naming the first key."""
    for key in sorted(set(was) | set(now)):
        if key not in TEXT_KEYS and was.get(key) != now.get(key):
            raise StudyChangedError(
                f"study {name!r}: key {key!r} was {was.get(key)!r} when its results were made and "
                f"is {now.get(key)!r} now; restore it, or give the study another name or "
                "--results folder."
            )


def describe(data: DataSet) -> dict[str, Any]:
    """What the study remembers of a data set."""
    return {
        "name": data.name,
        "source": data.source,
        "hash": data.hash,
        "classes": list(data.classes),
        "image_shape": list(data.image_shape),
        "train_size": data.train_size,
        "validation_size": data.validation_size,
        "test_size": data.test_size,
    }


def goal(spec: Study, wish: Wish, record: StudyRecord, datasets: int) -> int:
    """How many trained trials the study shall have.

    Raises:
        UsageError: A sweep's number of trials is its grid's.
    """
    if isinstance(spec, SweepStudy):
        if wish.trials is not None or wish.more is not None:
            raise UsageError(f"study {spec.name!r} is a sweep: its grid says how many trials.")
        return len(spec.cells()) * spec.seeds * datasets
    if wish.more is not None:
        return len(record.trained) + wish.more
    return wish.trials or DEFAULT_TRIALS


def resume_arguments(wish: Wish, total: int) -> tuple[str, ...]:
    """The arguments of the command that goes on with a search."""
    name = wish.study if isinstance(wish.study, str) else wish.study.name
    arguments = [name]
    for source in wish.data:
        arguments += ["--data", source]
    if wish.trials is not None or wish.more is not None:
        arguments += ["--trials", str(total)]
    options = {
        "--target": wish.target,
        "--margin": wish.margin,
        "--minimize": wish.minimize,
        "--warm-start": wish.warm_start,
        "--seed": wish.seed or None,
        "--storage": wish.storage,
        "--results": None if wish.results == Path("tuner-results") else wish.results,
    }
    for option, value in options.items():
        if value is not None:
            arguments += [option, str(value)]
    return tuple(arguments)
