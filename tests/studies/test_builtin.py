"""The studies that come with the package fit their spaces."""

from __future__ import annotations

from typing import Any

import pytest

from tuner.spaces.configurations import decode, encode
from tuner.spaces.loading import load_space
from tuner.spaces.sizes import size_of
from tuner.specs.files import builtin_names, read_study
from tuner.specs.spec import SearchStudy, SweepStudy

SEARCHES = {
    # name: target, the lab's reference in trainable parameters
    "q2": (0.45, 628_114),
    "q4": (0.62, 41_818),
    "q6": (0.62, 41_818),
    "q8": (0.62, 41_890),
    "q10": (0.75, 77_850),
}
SWEEPS = {"q3": 1, "q7": 3, "q9": 5}


def space_of(study: Any, shape: tuple[int, int, int] = (32, 32, 3)) -> Any:
    return load_space(
        study.space,
        input_shape=shape,
        num_classes=10,
        train_size=45_000,
        horizon=study.horizon,
        options=study.space_options,
    )


def test_all_eight_are_there_in_the_labs_order() -> None:
    assert builtin_names() == ["q2", "q3", "q4", "q6", "q7", "q8", "q9", "q10"]


@pytest.mark.parametrize("name", SEARCHES)
def test_search_names_its_target_and_a_complete_reference(name: str) -> None:
    study = read_study(name)
    assert isinstance(study, SearchStudy)
    target, size = SEARCHES[name]
    assert (study.name, study.horizon, study.data, study.target) == (name, 25, "cifar10", target)
    assert study.reference is not None
    assert study.reference_name != SearchStudy.model_fields["reference_name"].default
    space = space_of(study)
    params = encode(space, study.reference)
    assert decode(space, params) == study.reference
    measured = size_of(space)
    assert measured is not None
    assert measured(params) == size


@pytest.mark.parametrize("name", SWEEPS)
def test_sweep_cells_are_complete_and_lie_in_the_space(name: str) -> None:
    study = read_study(name)
    assert isinstance(study, SweepStudy)
    assert (study.horizon, study.seeds, len(study.cells())) == (25, 3, SWEEPS[name])
    space = space_of(study)
    for cell in study.cells():
        values = {**study.base, **cell}
        assert decode(space, encode(space, values)) == values


def test_lab_trains_the_same_network_on_mnist_and_cifar() -> None:
    study = read_study("q3")
    assert study.datasets() == ("mnist", "cifar10")
    assert isinstance(study, SweepStudy)
    reference = read_study("q2")
    assert isinstance(reference, SearchStudy)
    assert study.base == reference.reference
    assert encode(space_of(study, (28, 28, 1)), study.base)


@pytest.mark.parametrize(
    ("name", "hyperparameter", "values"),
    [
        ("q7", "dropout", [0.0, 0.2, 0.4]),
        ("q9", "batch_size", [8, 32, 128, 512, 2048]),
    ],
)
def test_sweeps_vary_one_thing(name: str, hyperparameter: str, values: list[Any]) -> None:
    study = read_study(name)
    assert isinstance(study, SweepStudy)
    assert study.grid == {hyperparameter: values}


@pytest.mark.parametrize(("name", "limit"), [("q2", 50_000), ("q4", 4_000), ("q10", 10_000)])
def test_search_starts_from_a_small_model(name: str, limit: int) -> None:
    size = size_of(space_of(read_study(name)))
    assert size is not None
    assert size({}) <= limit
