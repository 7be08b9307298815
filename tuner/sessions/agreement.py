"""Whether a stored study still is what its user asks for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from tuner.basics.hardware import hardware
from tuner.basics.held import HELD
from tuner.basics.secrets import shown_command
from tuner.basics.versions import versions
from tuner.data import DataSet
from tuner.data.look import facts_of
from tuner.errors import StudyChangedError, UsageError
from tuner.objectives.yardstick import Yardstick
from tuner.records.keys import SCHEMA, StudyKey
from tuner.spaces.carried import KEYS, function_of, is_carried
from tuner.specs.spec import SearchStudy, Study

TEXT_KEYS = frozenset({"name", "question", "reference_name", "data", "prove"})
"""Keys that may change under a study's results; the data is compared by its content instead."""

MEASURED = ("shared", "largest_share", "answered")
"""What is measured on the data's content, so that it can be added where it is not stored."""


def agree(
    study: optuna.Study,
    spec: Study,
    data: dict[str, DataSet],
    seed: int,
    yardstick: Yardstick | None = None,
) -> None:
    """Writes what the study is, or checks that it still is what its results were made with.

    Args:
        study: In the storage.
        spec: What is asked now.
        data: Its data sets, by what it calls them.
        seed: Of the sampler and of every training.
        yardstick: Of the study's metric, where that is not accuracy and the study is new.

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
        for key, value in {
            StudyKey.STUDY: spec.model_dump(),
            StudyKey.DATA: described,
            StudyKey.MARGIN: _margin(spec, data, yardstick),
            **({} if yardstick is None else {StudyKey.YARDSTICK: yardstick.stored()}),
            StudyKey.SEED: seed,
            StudyKey.VERSIONS: versions(),
            StudyKey.MACHINE: hardware(),
            StudyKey.CREATED_BY: _made_by(),
            StudyKey.SCHEMA: SCHEMA,
        }.items():
            study.set_user_attr(key, value)
        return
    require_same(study.study_name, attributes[StudyKey.STUDY], spec)
    # Compared in the study's order: the folder that holds study and images may have moved.
    for was, now in zip(attributes[StudyKey.DATA].values(), described.values(), strict=True):
        if was["hash"] != now["hash"]:
            raise StudyChangedError(
                f"study {study.study_name!r}: its results were made on {was['source']!r} "
                f"(hash {was['hash'][:12]}), but {now['source']!r} holds other images "
                f"(hash {now['hash'][:12]}){_read_otherwise(was, now)}; give the same data or "
                "another --results folder."
            )
    _complete(study, described)


def _read_otherwise(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What of the same files a study made by version 0.1.0 does not have, and how to go on."""
    if "example_shape" in was or was.get("source") != now.get("source"):
        return ""
    if now.get("own_validation"):
        return (
            ", for its own validation set, which version 0.1.0 left out, is used; take it away to "
            "go on with that study"
        )
    if str(now.get("dtype", "")).startswith("float"):
        return (
            ", for floats are given to models as they are, and version 0.1.0 made pixels of them; "
            "save (x * 255).round().astype('uint8') to go on with that study"
        )
    return ""


def require_same(name: str, stored: Mapping[str, Any], spec: Study) -> None:
    """Refuses a study that is not the one that its results were made with.

    Args:
        name: The study's name in the storage.
        stored: What is stored of it.
        spec: What it is now.

    Raises:
        StudyChangedError: It has changed.
    """
    # A key that a version before did not know was what it is where it is left out.
    compare(name, {**_left_out(spec), **stored}, spec.model_dump())


def _margin(spec: Study, data: dict[str, DataSet], yardstick: Yardstick | None) -> float:
    """How far beyond the target validation must come: one standard error, if nobody says it."""
    if not isinstance(spec, SearchStudy):
        return 0.0
    if spec.margin is not None or yardstick is None:
        return spec.objective(next(iter(data.values())).validation_size).margin
    wanted = float(f"{yardstick.error:.2g}")
    room = spec.measured.missing(spec.target, spec.measured.best)  # None may be left of it
    return min(wanted, abs(room) / 2)


def _left_out(spec: Study) -> dict[str, Any]:
    fields = type(spec).model_fields.items()
    return {
        key: f.get_default(call_default_factory=True) for key, f in fields if not f.is_required()
    }


def _complete(study: optuna.Study, described: dict[str, dict[str, Any]]) -> None:
    """Adds what a study made by a version before does not say of its data."""
    stored = study.user_attrs[StudyKey.DATA]
    whole = {
        key: {**{name: now[name] for name in MEASURED if name in now}, **was}
        for (key, was), now in zip(stored.items(), described.values(), strict=True)
    }
    if whole != stored:
        study.set_user_attr(StudyKey.DATA, whole)


def _made_by() -> str:
    """The command that runs, as it can be typed again, without secrets.

    Of another program than this one only its name: what its arguments mean is not known.
    """
    program = Path(sys.argv[0])
    if program.name == "tuner" or program.parts[-2:] == ("tuner", "__main__.py"):
        return shown_command(["tuner", *sys.argv[1:]])
    return program.name


def compare(name: str, was: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses a study file that changed under its results, naming the first key."""
    if (was_kind := was.get("kind")) != (kind := now.get("kind")):
        raise StudyChangedError(
            f"study {name!r}: it was a {was_kind} when its results were made and is a {kind} now; "
            f"give another --results folder. 'tuner report {name}' still shows what it found."
        )
    for key in sorted(set(was) | set(now)):
        if key not in TEXT_KEYS and was.get(key) != now.get(key):
            pair = (str(was.get(key)), str(now.get(key)))
            if key in KEYS and all(map(is_carried, pair)):
                raise StudyChangedError(_function_changed(name, now[key]))
            raise StudyChangedError(
                f"study {name!r}: key {key!r} was {was.get(key)!r} when its results were made and "
                f"is {now.get(key)!r} now; restore it, or give the study another name or "
                "--results folder."
            )


def _function_changed(name: str, spec: str) -> str:
    function = f"the function {function_of(spec)!r}"
    if parts := getattr(HELD.get(spec), "parts_of_script", None):
        return (
            f"study {name!r}: {function}, something that it uses, or {parts} has changed since its "
            "results were made; restore it, or give another project_name, or overwrite=True."
        )
    return (
        f"study {name!r}: {function}, or something that it uses, has changed since its results "
        "were made; restore it, or give another name= or results folder."
    )


def describe(data: DataSet) -> dict[str, Any]:
    """What the study remembers of a data set."""
    return {
        "name": data.name,
        "source": data.source,
        "hash": data.hash,
        "classes": list(data.classes),
        "train_size": data.train_size,
        "validation_size": data.validation_size,
        "test_size": data.test_size,
        "shared": data.shared,
        **facts_of(data),
        **({"relabel": True} if data.relabel else {}),
    }
