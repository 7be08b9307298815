"""Describes search spaces as JSON: ``python -m tuner.spaces.description MODULE:CLASS ...``.

A space is a keras-tuner hypermodel, so reading one imports Keras and with it TensorFlow. That is
why ``tuner spaces`` runs this in a process of its own.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from optuna.distributions import FloatDistribution, IntDistribution

from tuner.errors import TunerError
from tuner.spaces.exploration import Exploration, explore
from tuner.spaces.loading import load_space

EXAMPLE = {"input_shape": (32, 32, 3), "num_classes": 10, "train_size": 45_000, "horizon": 25}
"""What a space is asked about: its ranges hardly depend on it."""


def describe(spec: str) -> dict[str, Any]:
    """One space: its name, what it says of itself, its hyperparameters.

    Raises:
        SpaceError: It cannot be imported or used.
    """
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
    code = found.codes[name]
    of = code.distribution
    log = isinstance(of, IntDistribution | FloatDistribution) and of.log
    return code.allowed + (", logarithmic" if log and code.values is None else "")


def _default(found: Exploration, name: str) -> Any:
    return found.codes[name].decode(found.defaults[name])


def main(specs: Sequence[str]) -> int:
    """Prints a JSON array; an error is one line on standard error."""
    try:
        print(json.dumps([describe(spec) for spec in specs], default=str))
    except TunerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
