"""A search as a notebook's cell has it: a model function and arrays, made a study.

A function that a file holds is named as study files name it; any other is kept by
`tuner.spaces.carried`. A study that is given no name is called after its function, and after a hash
of all that makes it what it is: the same cell goes on, and another is another study.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import optuna
import pydantic
from optuna.storages import BaseStorage

from tuner.data.sources import held
from tuner.errors import TunerError, UsageError
from tuner.objectives.direction import Direction
from tuner.objectives.metrics import METRICS
from tuner.objectives.proof import Prove
from tuner.records.keys import StudyKey
from tuner.sessions.wish import shortened
from tuner.spaces import carried
from tuner.spaces.fingerprints import by_reference, source_text
from tuner.specs.spec import SearchStudy, Study, SweepStudy, rule_of
from tuner.storages.opening import open_storage
from tuner.storages.studies import find_study

HORIZON = 25
"""Epochs that one training may use, where nothing else is said."""
LONGEST_STEM = 60
"""Characters of a function's name in that of its study."""
MOST_SOURCE = 20_000
"""Characters of a function's text that a study keeps."""
QUESTION = "What is the smallest model of {name} that reaches the target?"
CHANGED = {"space": "its function", "metric": "its metric", "data": "its data"}
"""What people call the keys of a study that a cell changes; the others by their names."""

ARGUMENTS = {"space": "build_model", "metric": "metric"}
"""What `tuner.certify` calls the keys of a study that may name a function."""


@dataclass(frozen=True)
class Goal:
    """What a cell asks for, besides function and data; see `tuner.search`."""

    target: float | None
    horizon: int | None = None
    name: str | None = None
    metric: str | None = None
    metric_direction: str | None = None
    margin: float | None = None
    minimize: str | None = None
    prove: Prove | None = None
    options: Mapping[str, Any] | None = None

    def fields(self) -> dict[str, Any]:
        """What of it belongs to a study, by its keys."""
        given = {
            "target": self.target,
            "horizon": self.horizon,
            "metric": self.metric,
            "metric_direction": self.metric_direction,
            "margin": self.margin,
            "minimize": self.minimize,
            "prove": self.prove,
            "space_options": None if self.options is None else dict(self.options),
        }
        return {"horizon": HORIZON} | {k: v for k, v in given.items() if v is not None}


def wished(
    study: Any, data: Any, goal: Goal, test_split: float | None, *, relabel: bool
) -> tuple[str | Study, tuple[str, ...], bool]:
    """What a user gave `tuner.search`, as a study and the names of its data.

    Returns:
        The study, its data, and whether the goal is part of the study already.

    Raises:
        TunerError: They do not fit.
    """
    if isinstance(study, str | SearchStudy | SweepStudy):
        _require_none(goal)
        if is_arrays(data):
            return study, (held.hold(data, test_split=test_split, relabel=relabel),), False
        if test_split is not None:
            raise UsageError("test_split is for arrays: a data set has test examples of its own.")
        return study, (data,) if isinstance(data, str) else tuple(data or ()), False
    require_function(study)
    source = data_of(data, test_split=test_split, relabel=relabel)
    return study_of(study, source, goal), (source,), True


def _require_none(goal: Goal) -> None:
    """Refuses what a study's file says.

    Raises:
        UsageError: It was given.
    """
    given = {
        "horizon": goal.horizon,
        "space_options": goal.options,
    }
    for key, value in given.items():
        if value is not None:
            raise UsageError(f"{key} is for a function: a study says its own, in its file.")


def study_of(build_model: Any, data: str, goal: Goal) -> SearchStudy:
    """The study of a cell.

    Args:
        build_model: A function of hyperparameters, a hypermodel or a class of such.
        data: What a study calls its data.
        goal: What else is asked for.

    Raises:
        UsageError: Something of it does not fit.
    """
    require_function(build_model)
    if goal.target is None:
        raise UsageError(
            "search needs a target for a function, as in target=0.9: what the smallest model must "
            "reach."
        )
    space = space_of(build_model)
    name = carried.called(build_model)
    fields = {
        "kind": "search",
        "question": QUESTION.format(name=name),
        "space": space,
        "data": data,
        **goal.fields(),
    }
    whole = json.dumps(fields, sort_keys=True, default=str)
    digest = hashlib.sha256(whole.encode()).hexdigest()[:6]
    chosen = goal.name or f"{stem_of(name)}-{digest}"
    try:
        return SearchStudy(**{**fields, "name": chosen})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        key, given = ".".join(map(str, first["loc"])), first["input"]
        raise UsageError(
            f"{key} {rule_of(first)} but got {given!r}{_meant(key, given)}."
        ) from error


def stem_of(function: str) -> str:
    """What a study is called after that is called after its function."""
    return shortened(function.lstrip("_") or "model", LONGEST_STEM)


def _meant(key: str, given: Any) -> str:
    if key in ("target", "margin") and isinstance(given, int | float) and 1 < given < 100:
        return f"; for {given:g} % write {given / 100:g}"
    return ""


def space_of(build_model: Any) -> str:
    """What a study calls a function, a hypermodel or a class."""
    plain = isinstance(getattr(build_model, "__qualname__", None), str)
    if plain and "." not in build_model.__qualname__ and by_reference(build_model):
        return f"{build_model.__module__}:{build_model.__qualname__}"
    return carried.hold(build_model)


def metric_name(metric: Any, direction: str | None = None) -> str | None:
    """What a study calls a metric: its name, or a function as `space_of` does.

    Args:
        metric: One of `METRICS`, ``file.py:function``, or a function of (y_true, scores).
        direction: Which way it gets better, where it is a function.

    Raises:
        UsageError: It is none, or has no direction.
    """
    if metric is None or isinstance(metric, str):
        return metric
    if why := _no_function(metric):
        raise UsageError(
            f"metric is {why}: give a function of (y_true, scores) over all examples that returns "
            f"a number, or one of {', '.join(METRICS)}."
        )
    if direction not in get_args(Direction):
        raise UsageError(
            f"metric {carried.called(metric)!r} needs metric_direction='maximize' or 'minimize', "
            f"which way it gets better, but got {direction!r}."
        )
    return space_of(metric)


def _no_function(metric: Any) -> str | None:
    """Why something cannot be called with the truth and the scores of all examples."""
    kind = metric if isinstance(metric, type) else type(metric)
    bases = {f"{c.__module__.partition('.')[0]}.{c.__name__}" for c in kind.__mro__}
    for name, what in (("keras.Metric", "metric"), ("keras.Loss", "loss")):
        if name in bases:
            return f"the Keras {what} {kind.__name__}, which sees one batch after another"
    if isinstance(metric, type):
        return f"the class {metric.__name__}"
    return None if callable(metric) else f"a {kind.__name__}"


def require_function(build_model: Any) -> None:
    """Refuses what builds no model.

    Raises:
        UsageError: It does not.
    """
    kind = type(build_model)
    bases = {f"{c.__module__.partition('.')[0]}.{c.__name__}" for c in kind.__mro__}
    if "keras.Layer" in bases or "keras.Operation" in bases:
        raise UsageError(
            "search was given a Keras model: give the function that builds it from hyperparameters,"
            " def build_model(hp)."
        )
    if hasattr(build_model, "hypermodel"):
        raise UsageError(f"search was given a {kind.__name__}: give the function that it tunes.")
    builds = callable(getattr(build_model, "build", None))
    if not callable(build_model) and not builds:
        raise UsageError(
            "search takes a study's name or file, or a function build_model(hp), but was given "
            f"a {kind.__name__}."
        )


def data_of(data: Any, *, test_split: float | None, relabel: bool) -> str:
    """What a study calls data of a cell: a name or a place as it is, arrays by their content.

    Raises:
        DataError: They cannot be used.
        UsageError: There is none.
    """
    if data is None:
        raise UsageError(
            "search needs data for a function: data=(x_train, y_train, x_test, y_test), or the "
            "name of a data set."
        )
    if not is_arrays(data):
        names = [data] if isinstance(data, str) else list(data)
        if len(names) != 1:
            raise UsageError(f"a function is searched on one data set but got {len(names)}.")
        if test_split is not None:
            raise UsageError("test_split is for arrays: a data set has test examples of its own.")
        return str(names[0])
    return held.hold(data, test_split=test_split, relabel=relabel)


def is_arrays(data: Any) -> bool:
    """Whether data is meant as arrays, not as names."""
    if data is None or isinstance(data, str):
        return False
    texts = isinstance(data, list | tuple) and all(isinstance(each, str) for each in data)
    return not (texts and len(data) > 0)


def require_sendable(spec: Study, workers: int | str) -> list[str]:
    """Refuses a study's functions that no worker can be sent.

    Args:
        spec: The study.
        workers: As for `tuner.search`; those that somebody else starts are sent none.

    Returns:
        A line for each function that takes much with it.

    Raises:
        UsageError: There are no others.
        SpaceError: One cannot be pickled.
    """
    fields = spec.model_dump()
    for key in carried.KEYS:
        if workers == 0 and carried.is_carried(fields[key]):
            name = carried.function_of(fields[key])
            raise UsageError(
                f"{name} is a function of a notebook or a script, which cannot be sent to workers "
                f"elsewhere: put it into a file, and give 'file.py:{name}' as the {key} of a study."
            )
    return [why for name in carried.carried_of(fields) if (why := carried.warning(name))]


def require_functions(name: str, spec: Study, given: Mapping[str, Any]) -> None:
    """Takes a notebook's functions for a stored study, and refuses those that it was not made with.

    Args:
        name: The study's.
        spec: The study.
        given: By its keys; None where this process has searched with it.

    Raises:
        UsageError: A function is missing, or another one.
    """
    fields = spec.model_dump()
    for key in carried.KEYS:
        wanted, thing = fields[key], given.get(key)
        function, option = carried.function_of(wanted), ARGUMENTS[key]
        if thing is not None and space_of(thing) != wanted:
            raise UsageError(
                f"study {name!r} was not made with this {option}, or something that it uses has "
                f"changed: run the cell that searches, and then certify({name!r})."
            )
        if carried.is_carried(wanted) and not carried.is_held(wanted):
            raise UsageError(
                f"study {name!r} was made with the function {function!r} of a notebook or a "
                "script, which alone has it: run the cell that defines it there, and then "
                f"certify({name!r}, {option}={function})."
            )


def only_a_cell(name: str, url: str) -> str | None:
    """A line where a study that no file says is one of a notebook's.

    Args:
        name: What somebody took for the name of a study.
        url: Of the storage.
    """
    try:
        study = find_study(name, open_storage(url, create=False))
    except TunerError:
        return None
    held = carried.carried_of(study.user_attrs[StudyKey.STUDY])
    if not held:
        return None
    function = carried.function_of(held[0])
    return (
        f"study {study.study_name!r} was made with the function {function!r} of a notebook or a "
        "script, which alone has it: run the cell that searches again, and it goes on. 'tuner best "
        f"{study.study_name}' shows what it found."
    )


def remember(study: optuna.Study, spec: SearchStudy) -> None:
    """Stores the text of its functions, for people to read: no program does."""
    texts = [source_text(carried.found(name)) for name in carried.carried_of(spec.model_dump())]
    study.set_user_attr(StudyKey.SPACE_SOURCE, "\n\n".join(texts)[:MOST_SOURCE])


def changed(spec: SearchStudy, storage: BaseStorage) -> str | None:
    """A line where a new study differs from one that the same function's name had before.

    Args:
        spec: The new study.
        storage: Where it and others are.
    """
    stem = stem_of(carried.function_of(spec.space))
    same = re.compile(rf"{re.escape(stem)}-[0-9a-f]{{6}}")
    known = [s for s in optuna.get_all_study_summaries(storage) if same.fullmatch(s.study_name)]
    others = [s for s in known if s.study_name != spec.name and s.datetime_start is not None]
    if not same.fullmatch(spec.name) or not others:
        return None
    name = max(others, key=lambda s: str(s.datetime_start)).study_name
    latest = optuna.load_study(study_name=name, storage=storage)
    was, now = latest.user_attrs.get(StudyKey.STUDY), spec.model_dump()
    if not isinstance(was, dict):
        return None
    keys = [k for k in now if k not in ("name", "question") and was.get(k, now[k]) != now[k]]
    if not keys:
        return None
    differs = " and ".join(CHANGED.get(key, f"its {key}") for key in keys)
    trials = len(latest.get_trials(deepcopy=False))
    learns = f"; warm_start={latest.study_name!r} learns from that" if "data" not in keys else ""
    return (
        f"{spec.name} is a new study: {differs} {'is' if len(keys) == 1 else 'are'} not what "
        f"{latest.study_name} ({trials} trials) had{learns}."
    )
