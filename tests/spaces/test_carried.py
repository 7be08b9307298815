"""Functions of a notebook on their way to another process."""

from __future__ import annotations

import json
import pickle
import threading
from typing import Any

import keras_tuner
import numpy as np
import pytest

from tests.spaces.test_fingerprints import made
from tuner.errors import SpaceError
from tuner.spaces import carried
from tuner.spaces.custom_objects import custom_objects
from tuner.spaces.loading import load_space

ARGUMENTS: dict[str, Any] = {
    "input_shape": (4,),
    "num_classes": 2,
    "train_size": 10,
    "horizon": 3,
    "options": {},
}
CELL = """
class Doubled:
    def of(self, x):
        return 2 * x

def build_model(hp, num_classes):
    return Doubled().of(hp) + num_classes
"""


def elsewhere(spec: str) -> Any:
    """What another process has of it, which was sent nothing but JSON."""
    parcel = json.loads(json.dumps(carried.parcel(spec)))
    carried.HELD.clear()
    carried._PICKLED.clear()
    carried.receive(parcel)
    return carried.found(spec)


def test_a_function_arrives_with_the_classes_of_other_cells() -> None:
    spec = carried.hold(made(CELL, "build_model"))
    assert carried.is_carried(spec) and carried.function_of(spec) == "build_model"
    assert elsewhere(spec)(4, 1) == 9
    assert set(custom_objects(spec)) == {"Doubled"}
    assert load_space(spec, **ARGUMENTS).build(4) == 10


def test_a_hypermodel_arrives_as_it_was_made() -> None:
    cell = (
        "import keras_tuner\nclass Mine(keras_tuner.HyperModel):\n"
        "    def __init__(self, n):\n        super().__init__()\n        self.n = n\n"
        "    def build(self, hp):\n        return hp + self.n\n"
    )
    spec = carried.hold(made(cell, "Mine")(5))
    assert carried.function_of(spec) == "Mine"
    elsewhere(spec)
    space = load_space(spec, **ARGUMENTS)
    assert isinstance(space, keras_tuner.HyperModel) and space.build(1) == 6
    with pytest.raises(SpaceError, match="is a hypermodel already"):
        load_space(spec, **{**ARGUMENTS, "options": {"n": 3}})


def test_a_lambda_has_a_name() -> None:
    spec = carried.hold(lambda hp: hp)
    assert carried.function_of(spec) == "lambda"
    assert carried.is_carried(spec)


def test_what_is_large_is_named() -> None:
    table = np.zeros(2 * 2**20)
    few = 3

    def local(hp: Any) -> Any:
        return table, few

    spec = carried.hold(local)
    assert carried.warning(spec) == (
        "local takes 17 MB with it, mostly 'table': every worker holds a copy of that; if it is "
        "data, give it as data=, or load it within the function."
    )
    assert carried.warning(carried.hold(lambda hp: few)) is None


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carried, "LARGEST", 10)
    with pytest.raises(SpaceError, match="too much for every worker to hold"):
        carried.parcel(carried.hold(lambda hp: hp + 1))


def test_what_cannot_be_pickled_is_named() -> None:
    lock = threading.Lock()
    with pytest.raises(SpaceError, match="it uses 'lock', a lock, which cannot be pickled"):
        carried.parcel(carried.hold(lambda hp: lock))


def test_nothing_is_found_in_a_process_that_was_not_given_it() -> None:
    with pytest.raises(SpaceError, match="'mine' is of a notebook or a script, which alone"):
        carried.found("<notebook 0123456789ab>:mine")
    assert carried.parcel("<notebook 0123456789ab>:mine") == {}


def test_what_a_worker_cannot_load_is_one_line() -> None:
    spec = "<notebook 0123456789ab>:mine"
    wrong = carried.base64.b64encode(b"cnowhere\nnothing\n.").decode()
    with pytest.raises(SpaceError, match="mine cannot be loaded by a worker: ModuleNotFound"):
        carried.receive({spec: wrong})
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(b"cnowhere\nnothing\n.")


def test_a_study_sends_its_function_and_its_metric() -> None:
    space, metric = carried.hold(lambda hp: hp), carried.hold(lambda y, scores: 0.5)
    study = {"space": space, "metric": metric, "data": "mnist", "target": 0.9}
    assert carried.carried_of(study) == [space, metric]
    assert set(carried.parcels(study)) == {space, metric}
    assert carried.carried_of({**study, "metric": "mae"}) == [space]
    assert carried.parcels({"space": "space.py:Mine", "metric": "own.py:score"}) == {}
