"""A hypermodel's own `fit(hp, model, *args, **kwargs)`: called as keras-tuner calls it.

It says how a model is trained, and may ask for hyperparameters of its own. To know them before
anything is trained, it is called once with a model whose `fit` does nothing.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import keras_tuner

from tuner.basics.causes import sentence_of
from tuner.errors import SpaceError
from tuner.spaces.hyperparameters import name_of

REPEATED = re.compile(r"(?:multiple values for|an unexpected) keyword argument '(\w+)'")
"""What Python says of an argument that `fit` sets itself, or hands on to what does not take it."""
OWN = frozenset({"epochs", "verbose", "initial_epoch", "validation_data"})
"""Arguments that a `fit` may set itself instead of passing on what it is given."""
WEIGHTS = frozenset({"class_weight", "sample_weight"})
PASS_ON = "pass them on, as in model.fit(*args, callbacks=callbacks, **kwargs)"


class Ended(BaseException):
    """Raised within a user's `fit` by its callback: nothing of it is to go on."""


def has_own_fit(space: Any) -> bool:
    """Whether a hypermodel says itself how its models are trained."""
    return type(space).fit is not keras_tuner.HyperModel.fit


def call_fit(
    space: Any,
    hp: Any,
    model: Any,
    data: tuple[Any, ...],
    given: Mapping[str, Any],
    begun: Callable[[], bool],
) -> Any:
    """Calls a hypermodel's own `fit`.

    Args:
        space: The hypermodel.
        hp: Hyperparameters.
        model: What it has built from them.
        data: Examples and answers, or what gives both; passed by position where that is possible.
        given: More arguments by name, ``callbacks`` among them. A `fit` that takes no keywords of
            any name gets those that it names; one that sets `OWN` ones itself does not get them.
        begun: Whether a training has begun: then it is not called another time.

    Returns:
        What it returns.

    Raises:
        SpaceError: It does not take what it must.
    """
    positional, keywords = _arguments(space, data, given)
    while True:
        try:
            return space.fit(hp, model, *positional, **keywords)
        except TypeError as error:
            found = REPEATED.search(str(error))
            name = found.group(1) if found else ""
            if name not in keywords or begun():
                raise
            if name not in OWN:
                raise SpaceError(refused(space, name)) from error
            del keywords[name]


def _arguments(
    space: Any, data: tuple[Any, ...], given: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What to call it with, by position and by name.

    Raises:
        SpaceError: It does not take what it must.
    """
    taken = list(inspect.signature(space.fit).parameters.values())[2:]
    kinds = {p.kind for p in taken}
    places = [p for p in taken if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    any_place = inspect.Parameter.VAR_POSITIONAL in kinds
    any_name = inspect.Parameter.VAR_KEYWORD in kinds
    names = {p.name for p in taken}
    for name in given.keys() - OWN:
        if name not in names and not any_name:
            raise SpaceError(refused(space, name))
    keywords = {n: value for n, value in given.items() if n in names or any_name}
    if any_place or len(places) >= len(data):
        return data, keywords
    return (), {**dict(zip(("x", "y"), data, strict=False)), **keywords}


def refused(space: Any, name: str) -> str:
    """Why a `fit` that does not take an argument cannot be used."""
    told = {
        "callbacks": f"takes no callbacks, so that its epochs cannot be seen; {PASS_ON}.",
        "class_weight": "does not pass the study's class_weight on to model.fit, or sets one "
        "itself; set it in one of the two only.",
        "sample_weight": "does not pass the data's sample_weight on to model.fit, or sets one "
        "itself; take sample_weight, and pass it on.",
    }
    return f"the fit() of {name_of(space)} {told.get(name, f'does not take {name!r}.')}"


class FitWalk:
    """Finds the hyperparameters that a hypermodel's own `fit` asks for.

    Args:
        space: The hypermodel.
        few: Of a model, some examples to call `fit` with: its data, and arguments by name.

    Attributes:
        asked: What it asked for, in keras-tuner's own objects; None before it was called.
    """

    def __init__(
        self, space: Any, few: Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]
    ) -> None:
        self.asked: list[Any] | None = None
        self._space = space
        self._few = few

    def __call__(self, hp: Any, model: Any = None) -> None:
        """Asks hyperparameters for what `fit` asks for.

        Args:
            hp: They.
            model: What `build` made of them; None: it is built where it is needed.

        Raises:
            SpaceError: The `fit` cannot be used.
        """
        if self.asked is None:
            before = len(hp.space)
            made = model if isinstance(model, keras.Model) else self._space.build(hp)
            self._look(hp, made)
            self.asked = hp.space[before:]
        for each in self.asked:
            hp._retrieve(each)

    def _look(self, hp: Any, model: Any) -> None:
        watch = _Watch()
        calls: list[Mapping[str, Any]] = []

        def fit(*_: Any, **keywords: Any) -> Any:
            calls.append(keywords)
            done = keras.callbacks.History()
            done.history = defaultdict(lambda: [0.0])
            done.epoch = [0]
            return done

        model.fit = fit
        data, given = self._few(model)
        try:
            call_fit(
                self._space, hp, model, data, {**given, "callbacks": [watch]}, lambda: bool(calls)
            )
        except Ended:
            self._check_weights(given, calls)
            return
        except SpaceError:
            raise
        except (Exception, SystemExit) as error:
            if not calls:
                raise SpaceError(
                    f"the fit() of {name_of(self._space)} cannot be called as "
                    f"fit(hp, model, x, y, validation_data=…, callbacks=…): "
                    f"{sentence_of(error).rstrip('.')}."
                ) from error
        if not calls:
            raise SpaceError(unseen(self._space))
        if not any(_contains(c.get("callbacks"), watch) for c in calls):
            raise SpaceError(refused(self._space, "callbacks"))
        self._check_weights(given, calls)

    def _check_weights(self, given: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> None:
        for name in sorted(WEIGHTS & given.keys()):
            if not any(c.get(name) is not None for c in calls):
                raise SpaceError(refused(self._space, name))


def unseen(space: Any) -> str:
    """What to say of a `fit` of which no epoch was seen."""
    return (
        f"the fit() of {name_of(space)} returns without a training that can be seen: it must "
        "train the model by model.fit with the callbacks that it is given, or call on_epoch_end("
        "epoch, logs) of each of them after each epoch."
    )


def _contains(callbacks: Any, wanted: Any) -> bool:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if not isinstance(callbacks, list | tuple):
        return callbacks is wanted
    return any(_contains(each, wanted) for each in callbacks)


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training loop of the user's own after its first epoch."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        raise Ended
