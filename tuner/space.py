"""Search spaces: keras-tuner hypermodels whose hyperparameters an Optuna trial chooses.

Any `keras_tuner.HyperModel` works as a space. One that also offers the two methods below tells
the search, before anything is built, which hyperparameters there are and how large a model will
be; the families in `search_spaces` do, and your own can:

``describe(hp) -> Any``
    Asks `hp` for every hyperparameter that ``build(hp)`` asks for, without building anything.
    Called hundreds of times, so it should take milliseconds.
``measure(values: Mapping[str, Any]) -> Cost``
    The cost of the configuration `values`, an object with ``size`` (trainable parameters),
    ``total`` (all parameters), ``macs`` (multiply-accumulates of one image) and, if it likes,
    ``activations`` (numbers that all layers write for one image). Called tens of thousands of
    times, so it should take microseconds. A missing name takes its default, an unknown one is
    ignored.

Both raise ValueError for a configuration that cannot be built.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Protocol

import keras_tuner
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tuner._codes import Code, code_of, optuna_name
from tuner._loading import load_space
from tuner.errors import SpaceError
from tuner.study import suggestion

__all__ = [
    "Cost",
    "Exploration",
    "TrialHyperParameters",
    "decode",
    "encode",
    "epoch_cost_of",
    "explore",
    "load_space",
    "size_of",
]


# Fitted to 23 residual networks of a search on two AVX2 cores: the seconds an epoch came out within
# 20 %, and within 40 % by their multiply-accumulates alone.
MACS_OF_AN_IMAGE = 500_000
"""What an image costs in a training besides its own network, in multiply-accumulates."""
MACS_OF_AN_ACTIVATION = 30
"""What it costs to write an activation, read it again and do both on the way back."""


class Cost(Protocol):
    """What ``measure`` answers."""

    @property
    def size(self) -> int:
        """Trainable parameters."""

    @property
    def total(self) -> int:
        """All parameters."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""


class _AnsweredHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """Hyperparameters whose new values come from `_answer` instead of their defaults."""

    @abstractmethod
    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        """What Optuna stores, under `name`, for a hyperparameter that became active."""

    def _fixed(self, name: str, hp: Any) -> None:
        """Sees an active `Fixed`."""

    def _register(self, hyperparameter: Any, overwrite: bool = False) -> Any:
        hp = hyperparameter
        given = hp.name in self.values and not overwrite
        value = super()._register(hp, overwrite)
        if given or value is None:  # None: inactive
            return value
        return self._choose(hp, value)

    def _choose(self, hp: Any, default: Any) -> Any:
        name, code = optuna_name(hp), code_of(hp)
        if code is None:
            self._fixed(name, hp)
            return default
        self.values[hp.name] = code.decode(self._answer(name, code, hp))
        return self.values[hp.name]

    def ensure_active_values(self) -> None:
        """Drops values that became inactive and chooses those that became active."""
        for hp in self.space:
            if not self.is_active(hp):
                self.values.pop(hp.name, None)
            elif hp.name not in self.values:
                self.values[hp.name] = hp.default
                self._choose(hp, hp.default)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> keras_tuner.HyperParameters:
        """Plain hyperparameters with the space and values of this one, for `copy` too.

        What a copy is asked for beyond them takes its default: keras-tuner copies in order to
        keep additions out of the search (``HyperModel(tunable=False)``).
        """
        return keras_tuner.HyperParameters.from_config(config)


class TrialHyperParameters(_AnsweredHyperParameters):
    """`keras_tuner.HyperParameters` answered by an Optuna trial.

    In the trial, a hyperparameter that stands under conditions has them in its name, as in
    ``units[kind=mlp]``, and one whose sampling Optuna lacks is stored by an index or mirrored.
    `values` always has keras-tuner's names and values.

    Example:
        ::

            def objective(trial):
                hp = TrialHyperParameters(trial)
                model = hypermodel.build(hp)

    Args:
        trial: Chooses each value that is not yet in `values`; `Fixed` ones and inactive ones are
            never asked of it.
    """

    def __init__(self, trial: optuna.trial.BaseTrial) -> None:
        super().__init__()
        self.trial = trial

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        d = code.distribution
        try:
            if isinstance(d, IntDistribution):
                return self.trial.suggest_int(name, d.low, d.high, step=d.step, log=d.log)
            if isinstance(d, FloatDistribution):
                return self.trial.suggest_float(name, d.low, d.high, step=d.step, log=d.log)
            assert isinstance(d, CategoricalDistribution)
            return self.trial.suggest_categorical(name, d.choices)
        except ValueError as error:
            raise SpaceError(
                f"hyperparameter {name!r}: {error} Give it another name where it means another "
                "choice, or open a conditional_scope."
            ) from error


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


class _Explorer(_AnsweredHyperParameters):
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
            _walk(hypermodel, _Explorer(found, choose))
        except ValueError as error:  # no model has this configuration; others may be fine
            if not found.complete:
                raise _cannot(hypermodel, "be built with its defaults", error) from error

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


class _Encoder(_AnsweredHyperParameters):
    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        self._given = given
        self.params: dict[str, Any] = {}

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        if hp.name not in self._given:
            self.params[name] = code.encode_default(hp.default)
            return self.params[name]
        try:
            self.params[name] = code.encode(self._given[hp.name])
        except ValueError as error:
            raise SpaceError(f"hyperparameter {hp.name!r} {error}.") from error
        return self.params[name]

    def _fixed(self, name: str, hp: Any) -> None:
        value = self._given.get(hp.name, hp.value)
        if value != hp.value:
            raise SpaceError(f"hyperparameter {hp.name!r} must be {hp.value!r} but got {value!r}.")


def encode(hypermodel: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration in Optuna's names and values, for ``study.enqueue_trial``.

    Args:
        hypermodel: The space.
        values: By keras-tuner's names. What they leave out takes its default; what the rest of
            the configuration makes inactive is ignored.

    Raises:
        SpaceError: A name is unknown, a value is out of its range, or no model can be built.
    """
    hp = _Encoder(values)
    try:
        _walk(hypermodel, hp)
    except ValueError as error:
        raise _cannot(hypermodel, "be built with these values", error) from error
    known = {p.name for p in hp.space}
    if unknown := sorted(set(values) - known):
        known |= explore(hypermodel).names if hasattr(hypermodel, "describe") else set()
        unknown = [name for name in unknown if name not in known]
    if unknown:
        raise SpaceError(
            f"{_name(hypermodel)} has no hyperparameter {unknown[0]!r}"
            f"{suggestion(unknown[0], sorted(known)) or '.'}"
        )
    return hp.params


class _Decoder(_AnsweredHyperParameters):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__()
        self._params = params

    def _answer(self, name: str, code: Code, hp: Any) -> Any:
        return self._params.get(name, code.encode_default(hp.default))


def decode(hypermodel: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """The active values, by keras-tuner's names, of a configuration as Optuna stores it.

    Args:
        hypermodel: The space.
        params: By Optuna's names; missing ones take their defaults, others are ignored.

    Raises:
        ValueError: The configuration cannot be built.
    """
    hp = _Decoder(params)
    _walk(hypermodel, hp)
    return dict(hp.values)


def size_of(
    hypermodel: Any, minimize: Literal["size", "macs", "bytes"] = "size"
) -> Callable[[dict[str, Any]], int] | None:
    """How large the model of a configuration is, without building it.

    Args:
        hypermodel: The space.
        minimize: ``size`` (trainable parameters), ``macs`` (multiply-accumulates of one image)
            or ``bytes`` (of all parameters in float32).

    Returns:
        A function of Optuna's params, of which there may be more than are active, that raises
        ValueError where no model can be built; None where the space offers no ``measure``.
    """
    measure = _measure(hypermodel)
    if measure is None:
        return None

    def size(params: dict[str, Any]) -> int:
        cost = measure(params)
        if minimize == "bytes":
            return 4 * cost.total
        return cost.macs if minimize == "macs" else cost.size

    return size


def epoch_cost_of(hypermodel: Any) -> Callable[[dict[str, Any]], float] | None:
    """What an epoch of a configuration costs, in multiply-accumulates an image, and what is like.

    Args:
        hypermodel: The space.

    Returns:
        A function of Optuna's params, as that of `size_of`.
    """
    measure = _measure(hypermodel)
    if measure is None:
        return None

    def cost(params: dict[str, Any]) -> float:
        found = measure(params)
        activations = getattr(found, "activations", 0)
        return MACS_OF_AN_IMAGE + found.macs + MACS_OF_AN_ACTIVATION * float(activations)

    return cost


def _measure(hypermodel: Any) -> Callable[[dict[str, Any]], Cost] | None:
    measure: Callable[[Mapping[str, Any]], Cost] | None = getattr(hypermodel, "measure", None)
    if measure is None:
        return None
    found = explore(hypermodel) if hasattr(hypermodel, "describe") else None
    # Walking the space to translate is far slower than measuring: only where something differs.
    same = found is None or all(c.plain and n in found.names for n, c in found.codes.items())
    return measure if same else lambda params: measure(decode(hypermodel, params))


def _walk(hypermodel: Any, hp: _AnsweredHyperParameters) -> None:
    """Asks for one configuration's hyperparameters, without building where that is offered."""
    walk = getattr(hypermodel, "describe", hypermodel.build)
    try:
        walk(hp)
    except (ValueError, SpaceError):
        raise
    except Exception as error:
        raise _cannot(hypermodel, "be used as a search space", error) from error


def _cannot(hypermodel: Any, what: str, error: Exception) -> SpaceError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return SpaceError(f"{_name(hypermodel)} cannot {what}: {reason}")


def _name(hypermodel: Any) -> str:
    return type(hypermodel).__name__
