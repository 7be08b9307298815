"""A model function with what a Keras Tuner script says of its training: batch size, callbacks."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner


class Fitted(keras_tuner.HyperModel):  # type: ignore[misc]
    """Builds what another hypermodel, or a function, builds.

    Args:
        hypermodel: It.
        batch_size: Examples of a minibatch, where it asks for none itself.
        shown_as: What messages call it.
    """

    def __init__(self, hypermodel: Any, batch_size: int | None, shown_as: str) -> None:
        super().__init__(name=shown_as)
        self.shown_as = shown_as
        self.hypermodel = hypermodel
        self.batch_size = batch_size

    def build(self, hp: Any) -> Any:
        """Its model."""
        build = getattr(self.hypermodel, "build", None) or self.hypermodel
        model = build(hp)
        if self.batch_size is not None and "batch_size" not in hp.values:
            hp.Fixed("batch_size", self.batch_size)
        return model


class FittedOwn(Fitted):
    """The same, trained by its own `fit`, or with callbacks and other arguments of `model.fit`.

    Args:
        hypermodel: As for `Fitted`.
        batch_size: As for `Fitted`.
        shown_as: As for `Fitted`.
        callbacks: Callbacks of Keras's; each training gets copies.
        more: Arguments of `fit`.
    """

    def __init__(
        self,
        hypermodel: Any,
        batch_size: int | None,
        shown_as: str,
        callbacks: Sequence[Any] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(hypermodel, batch_size, shown_as)
        self.callbacks = list(callbacks)
        self.more = dict(more or {})

    def fit(self, hp: Any, model: Any, *args: Any, callbacks: Any = (), **kwargs: Any) -> Any:
        """Trains a model with its callbacks before those that it is given."""
        every = [*copy.deepcopy(self.callbacks), *callbacks]
        arguments = {**kwargs, **self.more, "callbacks": every}
        if isinstance(self.hypermodel, keras_tuner.HyperModel):
            return self.hypermodel.fit(hp, model, *args, **arguments)
        return model.fit(*args, **arguments)


def fitted(
    hypermodel: Any,
    batch_size: int | None,
    shown_as: str,
    callbacks: Sequence[Any],
    more: Mapping[str, Any],
) -> Fitted:
    """The simplest of the two that does all that is asked for: the first trains faster."""
    own = getattr(type(hypermodel), "fit", None)
    plain = own is None or own is keras_tuner.HyperModel.fit
    if plain and not callbacks and not more:
        return Fitted(hypermodel, batch_size, shown_as)
    return FittedOwn(hypermodel, batch_size, shown_as, callbacks, more)
