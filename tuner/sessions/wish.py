"""What a user asked for, and what follows from it alone: names, goals, the next command."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic

from tuner.basics.environment import RESULTS
from tuner.basics.secrets import shown_option
from tuner.basics.suggestions import suggestion
from tuner.data import DataSet
from tuner.errors import UsageError
from tuner.objectives.direction import Direction
from tuner.objectives.proof import PROVES, Prove
from tuner.pruners.registry import PRUNERS
from tuner.records.studies import StudyRecord
from tuner.samplers.registry import SAMPLERS, require_installed
from tuner.specs.spec import (
    NAME,
    PATTERNS,
    Minimize,
    Study,
    SweepStudy,
    from_dict,
    rule_of,
)

DEFAULT_TRIALS = 50

LONGEST_NAME = 80
"""Characters of a study's name: Windows takes paths of 260, and a checkpoint's has 60 behind it."""

MOST_TRIALS = 1_000
"""Trials after which a search ends that is to end when another is expected to gain little."""


@dataclass(frozen=True)
class Wish:
    """What a user asked `tuner.search` for; see there.

    Raises:
        UsageError: It contradicts itself, or names what does not exist.
    """

    study: str | Study
    data: tuple[str, ...]
    trials: int | Literal["auto"] | None
    more: int | None
    seed: int
    storage: str | None
    results: Path
    target: float | None
    margin: float | None
    minimize: Minimize | None
    metric: str | None = None
    metric_direction: Direction | None = None
    warm_start: str | None = None
    workers: int | Literal["auto"] = "auto"
    on: str | None = None
    timeout: float | None = None
    sampler: str = SAMPLERS[0]
    pruner: str = PRUNERS[0]
    reference: bool = True
    prove: Prove | None = None
    relabel: bool = False
    accept_duplicates: bool = False
    name: str | None = None
    artifacts: str | None = None

    def __post_init__(self) -> None:
        if self.name is not None and not re.fullmatch(NAME, self.name):
            raise UsageError(f"--name {PATTERNS['name']} but got {self.name!r}.")
        if len(self.name or "") > LONGEST_NAME:
            raise UsageError(
                f"--name must have at most {LONGEST_NAME} characters, for folders are called after "
                f"it, but got {len(self.name or '')}."
            )
        _require_known(self.sampler, SAMPLERS, "sampler")
        _require_known(self.pruner, PRUNERS, "pruner")
        if self.prove is not None:
            _require_known(self.prove, PROVES, "proof")
        require_installed(self.sampler)
        _require_numbers(self)
        if self.warm_start is not None and self.sampler != SAMPLERS[0]:
            raise UsageError(
                f"a warm start needs the sampler {SAMPLERS[0]!r} but got {self.sampler!r}: "
                "Optuna's own cannot learn from another study's trials."
            )


def _require_known(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise UsageError(
            f"no {what} is called {value!r}{suggestion(value, list(known)) or '.'} "
            f"There are: {', '.join(known)}."
        )


def _require_numbers(wish: Wish) -> None:
    if wish.workers != "auto" and wish.workers < 0:
        raise UsageError(f"workers must be at least 0 or 'auto' but got {wish.workers}.")
    for asked in (wish.trials, wish.more):
        if asked is not None and asked != "auto" and asked < 1:
            raise UsageError(f"trials and more must be at least 1 but got {asked}.")
    if wish.trials == "auto" and wish.sampler != SAMPLERS[0]:
        raise UsageError(
            f"trials 'auto' needs the sampler {SAMPLERS[0]!r} but got {wish.sampler!r}: no other "
            "says what it expects of the next trial."
        )
    if wish.trials is not None and wish.more is not None:
        raise UsageError("trials and more exclude each other: the total, or what to add to it.")


def overridden(spec: Study, wish: Wish) -> Study:
    """The study with the target, margin and quantity that the user gave instead of its own.

    Raises:
        UsageError: A sweep has none of these, nor a number of trials, or a value is out of range.
    """
    if isinstance(spec, SweepStudy) and wish.warm_start is not None:
        raise UsageError(f"study {spec.name!r} is a sweep: no evidence changes what it trains.")
    if isinstance(spec, SweepStudy) and (wish.trials is not None or wish.more is not None):
        raise UsageError(f"study {spec.name!r} is a sweep: its grid says how many trials.")
    if isinstance(spec, SweepStudy) and wish.prove not in (None, "none"):
        raise UsageError(f"study {spec.name!r} is a sweep and has no target to prove.")
    given: dict[str, object] = {
        "target": wish.target,
        "margin": wish.margin,
        "minimize": wish.minimize,
    }
    given = {key: value for key, value in given.items() if value is not None}
    if isinstance(spec, SweepStudy) and given:
        raise UsageError(f"study {spec.name!r} is a sweep and has no {' or '.join(given)}.")
    given |= _metric(spec, wish)
    if not given:
        return spec
    try:
        return from_dict({**spec.model_dump(), **given})
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        rule = rule_of(first)
        raise UsageError(f"--{first['loc'][-1]} {rule} but got {first['input']!r}.") from error


def _metric(spec: Study, wish: Wish) -> dict[str, object]:
    """The metric that the user gave instead of the study's.

    Raises:
        UsageError: The target is of another metric.
    """
    if wish.metric is None and wish.metric_direction is None:
        return {}
    name = wish.metric or spec.metric
    changed = name != spec.metric
    if changed and wish.target is None and not isinstance(spec, SweepStudy):
        raise UsageError(
            f"metric {name!r} needs a target of its own: that of study {spec.name!r} is of "
            f"{spec.metric!r}."
        )
    given: dict[str, object] = {"metric": name, "metric_direction": wish.metric_direction}
    if changed and not isinstance(spec, SweepStudy):
        given["margin"] = wish.margin
    return given


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

    ``q10``, ``q10@shapes10``, ``q10-target-0.7-macs@shapes10``; with a name of the user's own that
    in the place of the study's. It may be long, see `shortened`.
    """
    parts = [wish.name or spec.name]
    if wish.metric is not None and wish.metric != "accuracy":
        parts.append(spec.measured.key)
    if wish.target is not None:
        parts.append(f"target-{wish.target:g}")
    if wish.margin is not None:
        parts.append(f"margin-{wish.margin:g}")
    if wish.minimize is not None and wish.minimize != "size":
        parts.append(wish.minimize)
    other = [d.name for key, d in data.items() if key != d.source]
    return "-".join(parts) + ("@" + "+".join(other) if other else "")


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """A name that folders are called after, cut where it is long, and still like no other.

    Args:
        name: It.
        most: Characters that it may have.
    """
    if len(name) <= most:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: most - 9].rstrip('-@+. ')}-{digest}"


def goal(spec: Study, wish: Wish, record: StudyRecord, datasets: int) -> int:
    """How many trained trials the study shall have; a sweep has those of its grid."""
    if isinstance(spec, SweepStudy):
        return len(spec.cells()) * spec.seeds * datasets
    if wish.more is not None:
        return len(record.trained) + wish.more
    return MOST_TRIALS if wish.trials == "auto" else wish.trials or DEFAULT_TRIALS


def resume_arguments(wish: Wish, total: int) -> tuple[str, ...]:
    """The arguments of the command that goes on with a search."""
    name = wish.study if isinstance(wish.study, str) else wish.study.name
    arguments = [name]
    for source in wish.data:
        arguments += ["--data", source]
    if wish.relabel:
        arguments.append("--relabel")
    if wish.trials is not None or wish.more is not None:
        arguments += ["--trials", "auto" if wish.trials == "auto" else str(total)]
    options: dict[str, object] = {
        "--name": wish.name,
        "--metric": wish.metric,
        "--metric-direction": wish.metric_direction,
        "--target": wish.target,
        "--margin": wish.margin,
        "--minimize": wish.minimize,
        "--prove": wish.prove,
        "--warm-start": wish.warm_start,
        "--seed": wish.seed or None,
        "--results": None if wish.results == Path(RESULTS) else wish.results,
        "--sampler": None if wish.sampler == SAMPLERS[0] else wish.sampler,
        "--pruner": None if wish.pruner == PRUNERS[0] else wish.pruner,
        "--workers": None if wish.workers == "auto" else wish.workers,
        "--on": wish.on,
        "--artifacts": wish.artifacts,
    }
    for option, value in options.items():
        if value is not None:
            arguments += [option, str(value)]
    switches = ["--no-reference"] * (not wish.reference)
    switches += ["--accept-duplicates"] * wish.accept_duplicates
    return (*arguments, *switches, *shown_option(wish.storage))
