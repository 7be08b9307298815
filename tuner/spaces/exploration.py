"""What a search space holds: every hyperparameter, with its range, over all its configurations.

A hypermodel names its hyperparameters only while it asks for them, and a conditional one not in
every configuration. So it is asked for many configurations, without building any where it has
``describe``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tuner.basics.causes import sentence_of
from tuner.errors import SpaceError
from tuner.spaces.codes import Code
from tuner.spaces.hyperparameters import AnsweredHyperParameters, cannot, walk_space


@dataclass
class Exploration:
    """What a space holds, over all its configurations, by Optuna's names."""

    distributions: dict[str, BaseDistribution] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    """The author's own configuration, as Optuna stores it."""
    complete: bool = True
    """False where the space can only be built: then what its defaults leave out is missing."""
    codes: dict[str, Code] = field(default_factory=dict, repr=False)
    fixed: dict[str, Any] = field(default_factory=dict, repr=False)
    names: set[str] = field(default_factory=set, repr=False)
    """keras-tuner's names."""
    asked: int = 0
    """Number of configurations that were asked for."""
    refusals: dict[int, str] = field(default_factory=dict, repr=False)
    """Why no model has some of them, by their number in the order of asking; 0 is the default."""

    @property
    def hash(self) -> str:
        """Changes when the space does: a SHA-256 over distributions and fixed values, in hex."""
        space = {name: code.describe() for name, code in self.codes.items()}
        text = json.dumps({"space": space, "fixed": self.fixed}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _add(self, name: str, code: Code, hp: Any) -> None:
        if name in self.codes and self.codes[name] != code:
            code = _union(name, self.codes[name], code)
        self.codes[name] = code
        self.distributions[name] = code.distribution
        self.defaults.setdefault(name, code.encode_default(hp.default))
        self.names.add(hp.name)


class _Explorer(AnsweredHyperParameters):
    def __init__(self, found: Exploration, choose: Callable[[str, Code, Any], Any]) -> None:
        super().__init__()
        self._found = found
        self._choice = choose

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        self._found._add(name, code, hp)
        return self._choice(name, code, hp)

    def _fixed(self, name: str, hp: Any) -> None:
        self._found.fixed[name] = hp.value
        self._found.names.add(hp.name)


def explore(hypermodel: Any, draws: int = 64) -> Exploration:
    """Finds a space's hyperparameters by asking for many of its configurations.

    First the default one; then, for every hyperparameter that comes up, each of its corners, in
    the configuration in which it came up; then random ones. A hypermodel without ``describe`` is
    built once, with its defaults.

    Args:
        hypermodel: The space.
        draws: Number of random configurations.

    Raises:
        SpaceError: The space cannot be walked, or a name means different choices at once.
    """
    found = Exploration(complete=hasattr(hypermodel, "describe"))

    def visit(choose: Callable[[str, Code, Any], Any]) -> None:
        try:
            walk_space(hypermodel, _Explorer(found, choose))
        except ValueError as error:  # no model has this configuration; others may be fine
            if not found.complete:
                raise cannot(hypermodel, "be built with its defaults", error) from error
            found.refusals[found.asked] = sentence_of(error)
        found.asked += 1

    visit(_defaults_but({}))
    if not found.complete:
        return found
    # The changes to the defaults under which each name first came up; grows as it is walked.
    came_up: dict[str, dict[str, Any]] = {name: {} for name in found.codes}
    queue = list(came_up)
    for name in queue:
        for corner in found.codes[name].corners:
            changes = {**came_up[name], name: corner}
            visit(_defaults_but(changes))
            new = [other for other in found.codes if other not in came_up]
            came_up.update(dict.fromkeys(new, changes))
            queue += new
    random = Random(0)
    for _ in range(draws):
        visit(lambda name, code, hp: code.draw(random))
    return found


def _defaults_but(changes: Mapping[str, Any]) -> Callable[[str, Code, Any], Any]:
    def choose(name: str, code: Code, hp: Any) -> Any:
        return changes[name] if name in changes else code.encode_default(hp.default)

    return choose


def _union(name: str, a: Code, b: Code) -> Code:
    """One code for a name whose range depends on other hyperparameters."""
    x, y = a.distribution, b.distribution
    if a.plain and b.plain and type(x) is type(y) and not isinstance(x, CategoricalDistribution):
        assert isinstance(x, IntDistribution | FloatDistribution)
        assert isinstance(y, IntDistribution | FloatDistribution)
        if (x.step, x.log) == (y.step, y.log):
            low, high = min(x.low, y.low), max(x.high, y.high)
            return Code(type(x)(low, high, log=x.log, step=x.step))  # type: ignore[arg-type]
    raise SpaceError(
        f"hyperparameter {name!r} must have the same choices everywhere but is once {a.allowed}, "
        f"once {b.allowed}: rename one, or open a conditional_scope."
    )
