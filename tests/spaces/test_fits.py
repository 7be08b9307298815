"""A `fit` of the user's own is called as keras-tuner calls it, and asked what it asks for."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tuner.errors import SpaceError
from tuner.spaces.configurations import encode
from tuner.spaces.exploration import explore
from tuner.spaces.fits import FitWalk, call_fit, has_own_fit
from tuner.spaces.fitted import Wanted, fitted
from tuner.spaces.hyperparameters import WALK_FIT

X, Y = np.zeros((8, 4), np.float32), np.arange(8) % 2
GIVEN = {"validation_data": (X, Y), "epochs": 9, "verbose": 0, "callbacks": []}


class Space(keras_tuner.HyperModel):  # type: ignore[misc]
    def build(self, hp: Any) -> Any:
        made = keras.Sequential(
            [keras.layers.Input((4,)), keras.layers.Dense(hp.Int("width", 2, 9))]
        )
        made.compile("adam", "mse")
        return made


class Model:
    """Says what its `fit` is called with."""

    def fit(self, x: Any = None, y: Any = None, epochs: int = 1, **named: Any) -> Any:
        return {"x": x, "y": y, "epochs": epochs, **named}


def space_with(fit: Any) -> Any:
    return type("Own", (Space,), {"fit": fit})()


def called(fit: Any, **more: Any) -> Any:
    given = {**GIVEN, **more}
    hp = keras_tuner.HyperParameters()
    return call_fit(space_with(fit), hp, Model(), (X, Y), given, lambda: False)


def passing(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
    return model.fit(*args, **kwargs)


def its_own_epochs(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
    return model.fit(*args, epochs=3, verbose=2, **kwargs)


def by_name(self: Any, hp: Any, model: Any, x: Any, y: Any, callbacks: Any) -> Any:
    return model.fit(x, y, callbacks=callbacks)


def only_names(self: Any, hp: Any, model: Any, **kwargs: Any) -> Any:
    return model.fit(**kwargs)


def test_a_space_without_one_has_none() -> None:
    assert not has_own_fit(Space()) and has_own_fit(space_with(passing))


@pytest.mark.parametrize("fit", [passing, only_names])
def test_everything_is_passed(fit: Any) -> None:
    found = called(fit, initial_epoch=2)
    assert found.pop("x") is X and found.pop("y") is Y
    assert found == {**GIVEN, "initial_epoch": 2}


def test_what_it_sets_itself_holds() -> None:
    found = called(its_own_epochs)
    assert (found["epochs"], found["verbose"]) == (3, 2) and "callbacks" in found


def test_it_is_given_what_it_names() -> None:
    found = called(by_name)
    assert found.pop("x") is X and found.pop("y") is Y
    assert found == {"epochs": 1, "callbacks": []}


def test_arguments_that_it_must_take_are_named() -> None:
    def without(self: Any, hp: Any, model: Any, x: Any, y: Any) -> Any:
        return model.fit(x, y)

    def weighing(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, class_weight={}, **kwargs)

    with pytest.raises(SpaceError, match=r"the fit\(\) of Own takes no callbacks, so that its"):
        called(without)
    with pytest.raises(SpaceError, match="does not pass the study's class_weight on"):
        called(by_name, class_weight={0: 1.0})
    with pytest.raises(SpaceError, match="or sets one itself; set it in one of the two only"):
        called(weighing, class_weight={0: 1.0})


def test_an_error_of_its_own_is_its_own() -> None:
    def broken(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("unsupported operand")

    with pytest.raises(TypeError, match="unsupported operand"):
        called(broken)


def walked(fit: Any, **more: Any) -> Any:
    made = space_with(fit)
    setattr(made, WALK_FIT, FitWalk(made, lambda model: ((X, Y), {**GIVEN, **more})))
    return made


def asking(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
    if hp.Boolean("twice", default=True):
        with hp.conditional_scope("twice", [True]):
            hp.Int("again", 1, 3)
    done = model.fit(*args, batch_size=hp.Choice("batch_size", [16, 32]), **kwargs)
    return min(done.history["val_loss"])


def test_what_it_asks_for_is_of_the_space() -> None:
    space = walked(asking)
    found = explore(space)
    assert found.names == {"width", "twice", "again", "batch_size"}
    given = encode(space, {"width": 3, "batch_size": 32, "twice": False})
    assert given == {"width": 3, "batch_size": 32, "twice": False}
    with pytest.raises(SpaceError, match="has no hyperparameter 'batchsize'; did you mean"):
        encode(space, {"batchsize": 16})


def test_nothing_is_trained_by_asking() -> None:
    space = walked(asking)
    kept: list[Any] = []
    build = space.build

    def building(hp: Any) -> Any:
        kept.append(build(hp))
        return kept[-1]

    space.build = building
    explore(space)
    assert int(kept[0].optimizer.iterations) == 0


def test_one_that_cannot_be_watched_is_refused() -> None:
    def nothing(self: Any, hp: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        return None

    def deaf(self: Any, hp: Any, model: Any, *args: Any, callbacks: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)

    def needy(self: Any, hp: Any, model: Any, x: Any, y: Any, callbacks: Any, rate: float) -> Any:
        return model.fit(x, y, callbacks=callbacks)

    with pytest.raises(SpaceError, match=r"fit\(\) of Own returns without a training"):
        explore(walked(nothing))
    with pytest.raises(SpaceError, match=r"fit\(\) of Own takes no callbacks"):
        explore(walked(deaf))
    with pytest.raises(SpaceError, match=r"cannot be called as fit\(hp, model, x, y.*'rate'"):
        explore(walked(needy))
    with pytest.raises(SpaceError, match="does not pass the study's class_weight on"):
        explore(
            walked(
                lambda self, hp, model, x, y, callbacks, **_: model.fit(x, y, callbacks=callbacks),
                class_weight={0: 1.0},
            )
        )


def test_a_loop_of_its_own_ends_with_its_first_epoch() -> None:
    epochs: list[int] = []

    def looping(self: Any, hp: Any, model: Any, x: Any, y: Any, callbacks: Any, **_: Any) -> None:
        hp.Int("steps", 1, 9)
        for epoch in range(5):
            epochs.append(epoch)
            for each in callbacks:
                each.on_epoch_end(epoch, {"loss": 1.0})

    assert explore(walked(looping)).names == {"width", "steps"}
    assert epochs == [0]


class Build(keras_tuner.HyperModel):  # type: ignore[misc]
    """Of a script: its function, its callbacks, and its batch size."""

    def build(self, hp: Any) -> Any:
        return Space().build(hp)


@pytest.mark.parametrize("chosen", [False, True])
def test_the_batch_size_of_a_script_holds_with_its_callbacks(chosen: bool) -> None:
    callback = keras.callbacks.TerminateOnNaN()
    wanted = Wanted(batch_size=64, chosen=chosen)
    hp = keras_tuner.HyperParameters()
    plain = fitted(Build().build, wanted, "build", [callback], {})
    plain.build(hp)
    assert plain.fit(hp, Model(), X, Y, callbacks=[])["batch_size"] == 64  # type: ignore[attr-defined]
    own = fitted(space_with(passing), wanted, "build", [callback], {})
    found = own.fit(hp, Model(), X, Y, callbacks=[])  # type: ignore[attr-defined]
    assert found.get("batch_size") == (64 if chosen else None)
