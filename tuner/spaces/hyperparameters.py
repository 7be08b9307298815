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

from abc import abstractmethod
from typing import Any

import keras_tuner
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from tuner.basics.causes import sentence_of
from tuner.errors import SpaceError
from tuner.spaces.codes import Code, code_of, optuna_name


class AnsweredHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
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


class TrialHyperParameters(AnsweredHyperParameters):
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


WALK_FIT = "_walk_fit"
"""Attribute of a hypermodel with a `fit` of its own: asks for what that asks for, as
`tuner.spaces.fits.FitWalk` does."""


def walk_space(hypermodel: Any, hp: AnsweredHyperParameters) -> None:
    """Asks for one configuration's hyperparameters, without building where that is offered."""
    walk = getattr(hypermodel, "describe", hypermodel.build)
    try:
        made = walk(hp)
        if (fit := getattr(hypermodel, WALK_FIT, None)) is not None:
            fit(hp, made)
    except (ValueError, SpaceError):
        raise
    except (Exception, SystemExit) as error:
        raise cannot(hypermodel, "be used as a search space", error) from error


def cannot(hypermodel: Any, what: str, error: BaseException) -> SpaceError:
    """The error for a space that cannot do what is asked of it."""
    return SpaceError(f"{name_of(hypermodel)} cannot {what}: {sentence_of(error).rstrip('.')}.")


def name_of(hypermodel: Any) -> str:
    """What messages call a space: a function by its own name, a hypermodel by its class."""
    return getattr(hypermodel, "shown_as", type(hypermodel).__name__)
