"""Whether a space has anything left that is untried and small enough."""

from __future__ import annotations

import itertools
import time
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from search_spaces.cnn import ConvSpace
from search_spaces.dense import DenseSpace
from search_spaces.resnet import ResidualSpace
from tests.helpers.spaces import MAKE
from tuner.spaces.exploration import explore
from tuner.spaces.sizes import size_of
from tuner.workers.exhaustion import is_exhausted, smallest_size

SMALL: dict[str, BaseDistribution] = {
    "width": IntDistribution(1, 3),
    "rate": FloatDistribution(0.1, 0.3, step=0.1),
    "kind": CategoricalDistribution(["a", "b"]),
}
ALL = [
    {"width": w, "rate": r, "kind": k}
    for w, r, k in itertools.product((1, 2, 3), (0.1, 0.2, 0.30000000000000004), "ab")
]


def width_of(params: dict[str, Any]) -> int:
    if params["kind"] == "b" and params["width"] == 1:
        raise ValueError("cannot be built")
    return 100 * int(params["width"])


@pytest.mark.parametrize("missing", [*range(0, len(ALL), 5), len(ALL) - 1])
def test_it_is_exhausted_once_all_is_tried_and_not_before(missing: int) -> None:
    assert is_exhausted(SMALL, ALL)
    assert not is_exhausted(SMALL, ALL[:missing] + ALL[missing + 1 :])
    assert not is_exhausted(SMALL, [])


def test_what_is_too_large_or_cannot_be_built_is_not_left() -> None:
    def left(limit: float) -> bool:
        small = [p for p in ALL if p["width"] == 1 and p["kind"] == "a"]
        return not is_exhausted(SMALL, small, width_of, limit)

    assert not left(limit=100)
    assert not left(limit=200)  # all of width 1 are tried, but for those that cannot be built
    assert left(limit=201)


def test_of_a_conditional_space_only_what_was_in_use_counts() -> None:
    space: dict[str, BaseDistribution] = {
        "kind": CategoricalDistribution(["plain", "deep"]),
        "layers": IntDistribution(2, 3),
    }
    deep = [{"kind": "deep", "layers": 2}, {"kind": "deep", "layers": 3}]
    assert is_exhausted(space, [{"kind": "plain"}, *deep])
    assert not is_exhausted(space, [{"kind": "plain"}, deep[0]])
    assert not is_exhausted(space, deep)


def test_of_what_nothing_is_known_nothing_is_ruled_out() -> None:
    continuous = {**SMALL, "decay": FloatDistribution(0.0, 1.0)}
    assert not is_exhausted(continuous, [])
    assert not is_exhausted({}, [{}])
    many: dict[str, BaseDistribution] = {f"x{i}": IntDistribution(1, 9) for i in range(9)}
    assert not is_exhausted(many, [])


def test_a_continuous_space_is_exhausted_at_its_smallest_size() -> None:
    continuous = {**SMALL, "decay": FloatDistribution(0.0, 1.0)}
    assert is_exhausted(continuous, [], width_of, 100)
    assert not is_exhausted(continuous, [], width_of, 101)


@pytest.mark.parametrize("family", [DenseSpace, ConvSpace, ResidualSpace])
def test_the_smallest_model_of_a_family_is_found_in_a_second(family: Any) -> None:
    space = family(**MAKE)
    sizes, found = size_of(space), explore(space)
    assert sizes is not None
    begin = time.process_time()
    smallest = smallest_size(found.distributions, sizes)
    assert time.process_time() - begin < 1.0
    assert is_exhausted(found.distributions, [], sizes, smallest)
    assert not is_exhausted(found.distributions, [], sizes, smallest + 1)
    # Nothing in a random sample is smaller.
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = []
    for _ in range(300):
        try:
            drawn.append(sizes(study.ask(found.distributions).params))
        except ValueError:
            continue
    assert smallest <= min(drawn)
