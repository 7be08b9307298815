"""Families on images that are no bytes, and on amounts instead of classes."""

from __future__ import annotations

import keras
import keras_tuner
import numpy as np
import pytest

from search_spaces.cnn import ConvSpace
from search_spaces.dense import DenseSpace
from search_spaces.scaling import Scaling

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
KNOWN = {"mean": [500.0, -1.0], "deviation": [40.0, 0.5]}


def test_bytes_are_scaled_as_ever_and_numbers_to_a_mean_of_0_and_a_spread_of_1() -> None:
    assert Scaling().inputs == (1 / 64, -2.0)
    assert Scaling(bytes=False).inputs is None
    assert Scaling(bytes=False, given=KNOWN).inputs == ([1 / 40, 2.0], [-12.5, 2.0])


@pytest.mark.parametrize("family", [ConvSpace, DenseSpace])
def test_amounts_of_any_scale_are_learned(family: type) -> None:
    rng = np.random.default_rng(0)
    light = rng.normal(size=400)  # of a whole image
    x = rng.normal(size=(400, 8, 8, 2)) * 0.5 + light[:, None, None, None]
    x = (x * KNOWN["deviation"] + KNOWN["mean"]).astype(np.float32)
    y = (light * 10_000 + 70_000).astype(np.float32)
    about = {"mean": [float(y.mean())], "deviation": [float(y.std())]}
    space = family(
        (8, 8, 2), 1, 400, 10, task="regression", input_dtype="float32",
        input_normalization=KNOWN, output_normalization=about,
    )  # fmt: skip
    keras.utils.set_random_seed(0)
    hp = keras_tuner.HyperParameters()
    hp.values["batch_size"] = 32
    model = space.build(hp)
    assert "label_smoothing" not in hp.values
    assert space.measure({}).size == sum(np.prod(v.shape) for v in model.trainable_variables)
    model.fit(x, y, batch_size=32, epochs=10, verbose=0)
    error = np.sqrt(np.mean((model.predict(x, verbose=0)[:, 0] - y) ** 2))
    assert error < 0.5 * y.std()


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (
            (128, 9),
            r"got \(128, 9\)\. Where these are images of one channel, save x\[\.\.\., None\]",
        ),
        ((9,), r"must be \(height, width, channels\), got \(9,\)"),
        ({"a": (3,), "b": (4,)}, "there are the inputs a, b: write a space of your own"),
    ],
)
def test_what_is_no_image_is_refused(shape: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ConvSpace(shape, 2, 100, 5)  # type: ignore[arg-type]
