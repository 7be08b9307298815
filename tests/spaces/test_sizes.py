"""Quantities of configurations in closed form, as the sampler asks for them."""

from __future__ import annotations

import keras_tuner
import pytest

from search_spaces.cnn import ConvSpace
from tests.helpers.spaces import MAKE, Branches
from tuner.objectives.quantities import QUANTITIES
from tuner.spaces.configurations import encode
from tuner.spaces.loading import load_space
from tuner.spaces.sizes import epoch_cost_of, size_of


def test_size_of_reads_coded_and_qualified_names() -> None:
    space = Branches()
    params = {"kind": "cnn", "units[kind=cnn]": 3, "units[kind=mlp]": "few"}
    for minimize, expected in (("size", 32), ("bytes", 4 * 33), ("macs", 7)):
        size = size_of(space, QUANTITIES[minimize])
        assert size is not None
        assert size(params) == expected


def test_an_epoch_costs_what_is_computed_and_what_is_written() -> None:
    space = load_space("search_spaces.resnet:ResidualSpace", **MAKE, options={})
    cost, macs = epoch_cost_of(space), size_of(space, QUANTITIES["macs"])
    assert cost is not None and macs is not None
    # Fewer multiply-accumulates, but over four times the pixels.
    fine = encode(space, {"stem_stride": 1, "stem_width": 4, "width_0": 16})
    coarse = encode(space, {"stem_stride": 2, "stem_width": 16, "width_0": 44, "width_1": 48})
    assert macs(fine) < macs(coarse)
    assert cost(fine) > cost(coarse)


def test_an_epoch_of_a_space_that_tells_no_activations_costs_its_macs() -> None:
    cost = epoch_cost_of(Branches())
    assert cost is not None
    params = {"kind": "cnn", "units[kind=cnn]": 3, "units[kind=mlp]": "few"}
    assert cost(params) == cost({**params, "units[kind=cnn]": 4}) > 7
    assert epoch_cost_of(keras_tuner.HyperModel()) is None


def test_size_of_ignores_what_is_inactive_and_refuses_what_cannot_be_built() -> None:
    space = ConvSpace(**{**MAKE, "input_shape": (8, 8, 3)})
    size = size_of(space)
    assert size is not None
    assert size({"depth": 1, "width_0": 4, "width_4": 99}) == size({"depth": 1, "width_0": 4})
    with pytest.raises(ValueError, match="leaves no pixel"):
        size({"depth": 5})
