from __future__ import annotations

import numpy as np
import pytest

from search_spaces.keras_model import to_keras
from search_spaces.network import Cost, Network


def test_cost_of_each_operation() -> None:
    net = Network((6, 4, 3))
    assert net.cost == Cost(0, 0, 0)
    x = net.conv(0, 5, 3, stride=2, bias=True)
    assert net.shapes[x] == (3, 2, 5)
    assert net.cost == Cost(3 * 3 * 3 * 5 + 5, 140, 135 * 6)
    x = net.norm(x)
    assert net.cost == Cost(150, 160, 810)
    x = net.depthwise(x, 3)
    assert net.cost == Cost(150 + 45, 160 + 45, 810 + 45 * 6)
    x = net.global_average(net.activation(net.dropout(x, 0.5), "relu"))
    assert net.shapes[x] == (5,)
    net.dense(x, 2)
    assert net.cost == Cost(195 + 12, 205 + 12, 1080 + 10)
    assert net.cost.bytes == 4 * 217
    # Convolution, norm, depthwise, dropout and activation write 3 x 2 x 5 numbers each.
    assert net.cost.activations == 5 * 30 + 5 + 2


def test_dropout_of_rate_zero_is_no_operation() -> None:
    net = Network((6, 4, 3))
    assert net.dropout(0, 0.0) == 0
    assert len(net.ops) == 1


def test_pooling_to_nothing_is_refused() -> None:
    net = Network((1, 5, 3))
    with pytest.raises(ValueError, match="pooling 2x2 of a 1x5 image leaves no pixel"):
        net.pool(0, "max")
    assert net.shapes[net.pool(0, "average", keep_edge=True)] == (1, 3, 3)


def test_adding_other_shapes_is_refused() -> None:
    net = Network((4, 4, 3))
    with pytest.raises(ValueError, match=r"cannot add shapes \(4, 4, 3\) and \(2, 2, 3\)"):
        net.add(0, net.pool(0, "max"))


@pytest.mark.parametrize("channels", [1, 2, 3, 7])
def test_channels_are_dropped_or_filled_with_zeros(channels: int) -> None:
    net = Network((2, 3, 3))
    net.flatten(net.fit_channels(0, channels))
    images = np.random.default_rng(0).integers(0, 256, (1, 2, 3, 3))
    model = to_keras(net)
    logits = np.log(np.asarray(model.predict(images, verbose=0)))
    scaled = images[..., : min(channels, 3)] / 64 - 2
    expected = np.pad(scaled, ((0, 0), (0, 0), (0, 0), (0, max(channels - 3, 0)))).reshape(1, -1)
    # A softmax forgets what all logits have in common.
    np.testing.assert_allclose(logits - logits.mean(), expected - expected.mean(), atol=1e-5)


def test_same_pixels_as_bytes_or_floats_give_the_same_probabilities() -> None:
    net = Network((4, 4, 3))
    net.dense(net.flatten(0), 5)
    model = to_keras(net)
    images = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 3)).astype(np.uint8)
    from_bytes = model.predict(images, verbose=0)
    np.testing.assert_allclose(from_bytes, model.predict(images.astype(np.float32), verbose=0))
    np.testing.assert_allclose(from_bytes.sum(axis=1), 1.0, rtol=1e-5)
