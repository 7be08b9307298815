"""A model function with what a Keras Tuner script says of its training: batch size, callbacks."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras_tuner


@dataclass
class Wanted:
    """What a script says of every model.

    Attributes:
        batch_size: Examples of a minibatch, where the function asks for none itself.
        hyperparameters: Those of these names are asked for in these ranges, not in the function's.
        tune_new_entries: Whether the function's other hyperparameters are searched too; else they
            have their defaults.
        compile: Arguments of `model.compile` that replace the function's: ``optimizer``, ``loss``,
            ``metrics``.
        chosen: Whether the script gives `batch_size` itself.
    """

    batch_size: int | None = None
    hyperparameters: Any = None
    tune_new_entries: bool = True
    compile: dict[str, Any] = field(default_factory=dict)
    chosen: bool = False


class Fitted(keras_tuner.HyperModel):  # type: ignore[misc]
    """Builds what another hypermodel, or a function, builds.

    Args:
        hypermodel: It.
        wanted: What else is wanted of it.
        shown_as: What messages call it.
    """

    parts_of_script = (
        "an argument of SmallestModel or of its search (batch_size, callbacks, class_weight, "
        "shuffle, hyperparameters, tune_new_entries, optimizer, loss, metrics)"
    )
    """What else makes it another space than it was."""

    def __init__(self, hypermodel: Any, wanted: Wanted, shown_as: str) -> None:
        super().__init__(name=shown_as)
        self.shown_as = shown_as
        self.inner = hypermodel
        self.wanted = wanted

    def build(self, hp: Any) -> Any:
        """Its model."""
        build = getattr(self.inner, "build", None) or self.inner
        model = _compiled(build(self._asked(hp)), self.wanted.compile)
        if self.wanted.batch_size is not None and "batch_size" not in hp.values:
            hp.Fixed("batch_size", self.wanted.batch_size)
        return model

    def _asked(self, hp: Any) -> Any:
        """What the function asks: whatever was given before has its range, or alone is searched."""
        given = self.wanted.hyperparameters
        for each in given.space if given is not None else ():
            # keras-tuner keeps what is registered first under a name.
            hp._retrieve(copy.deepcopy(each))
        if self.wanted.tune_new_entries:
            return hp
        alone = given.copy() if given is not None else keras_tuner.HyperParameters()
        alone.values.update(hp.values)
        return alone


class FittedOwn(Fitted):
    """The same, trained by its own `fit`, or with callbacks and other arguments of `model.fit`.

    Args:
        hypermodel: As for `Fitted`.
        wanted: As for `Fitted`.
        shown_as: As for `Fitted`.
        callbacks: Callbacks of Keras's; each training gets copies.
        more: Arguments of `fit`.
    """

    def __init__(
        self,
        hypermodel: Any,
        wanted: Wanted,
        shown_as: str,
        callbacks: Sequence[Any] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(hypermodel, wanted, shown_as)
        self.callbacks = list(callbacks)
        self.more = dict(more or {})

    def fit(self, hp: Any, model: Any, *args: Any, callbacks: Any = (), **kwargs: Any) -> Any:
        """Trains a model with its callbacks before those that it is given."""
        every = [*copy.deepcopy(self.callbacks), *callbacks]
        arguments = {**kwargs, **self.more, "callbacks": every}
        own = isinstance(self.inner, keras_tuner.HyperModel)
        batch_size = self.wanted.batch_size if own else hp.values.get("batch_size")
        # A `fit` of its own may set one itself, and is only told of one that the script chose.
        if batch_size is not None and (self.wanted.chosen or not own):
            arguments.setdefault("batch_size", batch_size)
        if own:
            return self.inner.fit(hp, model, *args, **arguments)
        return model.fit(*args, **arguments)


def fitted(
    hypermodel: Any,
    wanted: Wanted,
    shown_as: str,
    callbacks: Sequence[Any],
    more: Mapping[str, Any],
) -> Fitted:
    """The simplest of the two that does all that is asked for: the first trains faster."""
    own = getattr(type(hypermodel), "fit", None)
    plain = own is None or own is keras_tuner.HyperModel.fit
    if plain and not callbacks and not more:
        return Fitted(hypermodel, wanted, shown_as)
    return FittedOwn(hypermodel, wanted, shown_as, callbacks, more)


def _compiled(model: Any, given: Mapping[str, Any]) -> Any:
    """The model, compiled anew where a script says how."""
    if not given:
        return model
    arguments = copy.deepcopy({k: v for k, v in given.items() if k != "optimizer"})
    optimizer = given.get("optimizer", model.optimizer)
    if "optimizer" in given and hasattr(optimizer, "get_config"):
        optimizer = type(optimizer).from_config(optimizer.get_config())  # each model has its own
    if "loss" not in arguments:
        arguments["loss"] = model.loss
    model.compile(optimizer=optimizer, **arguments)
    return model
