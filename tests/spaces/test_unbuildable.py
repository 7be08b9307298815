"""Examples that are too small for a space are named before the first trial."""

from __future__ import annotations

from typing import Any

import keras_tuner
import pytest

from search_spaces.cnn import ConvSpace
from search_spaces.dense import DenseSpace
from search_spaces.resnet import ResidualSpace
from tuner.errors import SpaceError
from tuner.spaces.exploration import explore
from tuner.spaces.unbuildable import unbuildable


def said(space: Any) -> str | None:
    return unbuildable(space, explore(space), "images of their size")


def made(family: Any, side: int, **options: Any) -> Any:
    return family((side, side, 1), 3, 100, 5, **options)


FAMILIES = [ConvSpace, DenseSpace, ResidualSpace]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("side", [1, 2, 3, 4, 16, 32])
def test_a_family_on_small_images(family: Any, side: int) -> None:
    """Only plain convolutions pool so that nothing may be left."""
    if family is not ConvSpace or side > 4:
        assert said(made(family, side)) is None
        return
    if side == 4:
        line = said(made(family, side))
        assert line is not None and "29 of 111 configurations of ConvSpace cannot be" in line
        return
    with pytest.raises(SpaceError) as caught:
        said(made(family, side))
    line = str(caught.value)
    assert "the defaults of ConvSpace cannot be built from images of their size (nor can " in line
    assert "pooling 2x2 of a 1x1 image leaves no pixel; make them larger" in line


def test_pooling_first_needs_as_many_pixels() -> None:
    line = said(made(DenseSpace, 1, downsample=True))
    assert line is not None
    assert "of DenseSpace cannot be built from images of their size: pooling" in line
    assert said(made(DenseSpace, 8, downsample=True)) is None


class Needing(keras_tuner.HyperModel):  # type: ignore[misc]
    """Refuses the widths below its least."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least = least

    def describe(self, hp: Any) -> None:
        if hp.Int("width", 1, 100, default=50) < self.least:
            raise ValueError("the image is\ntoo narrow.")


def test_a_space_whose_defaults_cannot_be_built_is_refused() -> None:
    with pytest.raises(SpaceError) as caught:
        said(Needing(60))
    line = str(caught.value)
    assert "\n" not in line
    assert "the defaults of Needing cannot be built from images of their size (nor can " in line
    assert ": the image is too narrow; make them larger" in line


def test_a_few_configurations_that_cannot_be_built_are_no_news() -> None:
    assert said(Needing(1)) is None
    assert said(Needing(20)) is None
