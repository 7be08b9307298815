"""Describes search spaces as JSON, in a process of its own.

A space is a keras-tuner hypermodel, so reading one imports Keras and with it TensorFlow, which the
command's own process never does.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tuner.basics.child_process import Channel
from tuner.basics.importing import find

if TYPE_CHECKING:
    from tuner.spaces.exploration import Exploration

EXAMPLE = {"input_shape": (32, 32, 3), "num_classes": 10, "train_size": 45_000, "horizon": 25}
"""What a space is asked about: its ranges hardly depend on it."""


def describe(spec: str) -> dict[str, Any]:
    """One space: its name, what it says of itself, its hyperparameters.

    Raises:
        SpaceError: It cannot be imported or used.
    """
    from tuner.spaces.exploration import explore
    from tuner.spaces.loading import load_space

    space = load_space(spec, **EXAMPLE, options={})  # type: ignore[arg-type]
    found = explore(space)
    return {
        "space": spec,
        "doc": _prose(inspect.getdoc(type(space)) or ""),
        "options": _options(type(space)),
        "complete": found.complete,
        "hyperparameters": [
            {"name": name, "range": _range(found, name), "default": _default(found, name)}
            for name in found.codes
        ],
    }


def _prose(doc: str) -> str:
    """A docstring's paragraphs, each as one line, up to its sections."""
    before = re.split(r"^(?:Args|Attributes|Raises|Example):$", doc, maxsplit=1, flags=re.M)[0]
    return "\n".join(" ".join(p.split()) for p in before.split("\n\n")).strip()


def _options(cls: type) -> dict[str, Any]:
    """What ``space_options`` may set, with defaults."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.kind == p.KEYWORD_ONLY}


def _range(found: Exploration, name: str) -> str:
    from optuna.distributions import FloatDistribution, IntDistribution

    code = found.codes[name]
    of = code.distribution
    log = isinstance(of, IntDistribution | FloatDistribution) and of.log
    return code.allowed + (", logarithmic" if log and code.values is None else "")


def _default(found: Exploration, name: str) -> Any:
    return found.codes[name].decode(found.defaults[name])


def work(specs: Sequence[str], channel: Channel) -> list[dict[str, Any]]:
    """What the child process does: `describe` for each space.

    Raises:
        SpaceError: One cannot be imported or used.
    """
    for spec in specs:
        find(spec)  # one that cannot be imported is told of before Keras takes its seconds
    described: list[dict[str, Any]] = json.loads(
        json.dumps([describe(spec) for spec in specs], default=str)
    )
    return described
