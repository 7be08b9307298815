"""The studies that come with the package fit their spaces."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.lab.programme import QUESTIONS, parts
from tuner.spaces.configurations import decode, encode
from tuner.spaces.loading import load_space
from tuner.spaces.sizes import size_of
from tuner.specs.files import builtin_names, read_study
from tuner.specs.spec import SearchStudy, SweepStudy

SEARCHES = {
    # name: target, the lab's reference in trainable parameters
    "q2": (0.45, 628_114),
    "q3": (0.94, 170_514),
    "q4": (0.62, 41_818),
    "q6": (0.62, 41_818),
    "q8": (0.62, 41_890),
    "q10": (0.75, 77_850),
}
SWEEPS = {"q7": 3, "q9": 9}
SHAPES = {"cifar10": (32, 32, 3), "mnist": (28, 28, 1)}


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
    data = "mnist" if name == "q3" else "cifar10"
    assert (study.name, study.horizon, study.data, study.target) == (name, 25, data, target)
    assert study.reference is not None
    assert study.reference_name != SearchStudy.model_fields["reference_name"].default
    space = space_of(study, SHAPES[data])
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


def test_lab_searches_the_same_family_on_mnist_and_cifar() -> None:
    study, other = read_study("q3"), read_study("q2")
    assert isinstance(study, SearchStudy) and isinstance(other, SearchStudy)
    assert study.datasets() == ("mnist",)
    assert (study.space, study.space_options) == (other.space, other.space_options)
    assert study.reference == other.reference


@pytest.mark.parametrize(
    ("name", "differs", "value"), [("q6", "dropout", 0.2), ("q8", "batch_norm", "always")]
)
def test_lab_compares_with_the_plain_network_what_differs_in_one_thing(
    name: str, differs: str, value: Any
) -> None:
    plain, study = read_study("q4"), read_study(name)
    assert isinstance(plain, SearchStudy) and isinstance(study, SearchStudy)
    assert plain.space_options == {"dropout": "never", "batch_norm": "never"}
    assert study.space_options == {**plain.space_options, differs: value}
    assert (study.reference, study.target) == (plain.reference, plain.target)
    assert (study.space, study.horizon) == (plain.space, plain.horizon)


def test_lab_has_its_own_network_in_the_sweeps_with_and_without_batch_normalisation() -> None:
    plain, varied = read_study("q7"), read_study("q9")
    assert isinstance(plain, SweepStudy) and isinstance(varied, SweepStudy)
    assert plain.space_options["batch_norm"] == "never"
    assert varied.space_options["batch_norm"] == "always"
    assert {**varied.base, "batch_size": 128} == plain.base
    assert (plain.seeds, plain.horizon) == (varied.seeds, varied.horizon)


@pytest.mark.parametrize(
    ("name", "hyperparameter", "values"),
    [
        ("q7", "dropout", [0.0, 0.2, 0.4]),
        ("q9", "batch_size", [8, 16, 32, 64, 128, 256, 512, 1024, 2048]),
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


def test_the_lab_reads_of_its_studies_what_a_search_does() -> None:
    for part in parts(QUESTIONS):
        study = read_study(part.study)
        assert part.datasets == study.datasets()
        assert part.target == getattr(study, "target", None)
        assert (part.trials is None) == isinstance(study, SweepStudy)
