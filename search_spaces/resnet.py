"""Residual networks: stages of blocks that add their input to their output."""

from __future__ import annotations

from typing import ClassVar

from search_spaces.base import ImageSpace
from search_spaces.network import Network
from search_spaces.recipe import HyperParameters, Recipe

WIDTHS = (12, 24, 44, 56)


class ResidualSpace(ImageSpace):
    """A stem convolution, two to four stages, global average pooling.

    A block is ``plain`` (full convolutions), ``bottleneck`` (1x1 to a quarter of the width, a full
    convolution there, 1x1 back) or ``separable`` (each convolution a depthwise one followed by
    1x1). It adds its input before its last activation. Where a block changes the shape, its input
    is brought to it by a strided 1x1 convolution (``projection``) or, for no parameters at all, by
    average pooling and channels of zeros (``pooled``; He et al. 2015, arXiv 1512.03385, option A).
    """

    start: ClassVar[Recipe] = Recipe(
        optimizer="sgd", sgd_rate=0.15, schedule="one_cycle", batch_size=64, shift=2
    )

    def network(self, hp: HyperParameters) -> Network:
        """Stem, stages, pooled head, classes."""
        net = Network(self.input_shape)
        stages = hp.Int("stages", 2, len(WIDTHS), default=3)
        block = hp.Choice("block", ["separable", "plain", "bottleneck"], default="separable")
        convs = 0 if block == "bottleneck" else hp.Int("convs", 1, 2, default=2)
        kernel = hp.Int("kernel", 2, 5, default=3)
        activation = hp.Choice("activation", ["relu", "leaky_relu", "silu"], default="silu")
        projected = hp.Choice("shortcut", ["projection", "pooled"], default="pooled")
        stem_width = hp.Int("stem_width", 4, 64, sampling="log", default=12)
        stem_stride = hp.Int("stem_stride", 1, 2, default=1)
        first_stride = hp.Int("first_stride", 1, 2, default=1)
        x = net.conv(0, stem_width, 3, stride=stem_stride)
        x = net.activation(net.norm(x), activation)
        for i in range(stages):
            width = hp.Int(f"width_{i}", 4, 128, sampling="log", default=WIDTHS[i])
            for j in range(hp.Int(f"blocks_{i}", 1, 3, default=1)):
                stride = 1 if j else first_stride if i == 0 else 2
                y = _body(net, x, width, kernel, stride, block, convs, activation)
                shortcut = _shortcut(net, x, width, stride, projected == "projection")
                x = net.activation(net.add(y, shortcut), activation)
        net.dense(net.global_average(x), self.num_classes)
        return net


def _body(
    net: Network,
    x: int,
    width: int,
    kernel: int,
    stride: int,
    block: str,
    convs: int,
    activation: str,
) -> int:
    """A block without its shortcut and its last activation."""
    if block == "bottleneck":
        inner = max(width // 4, 1)
        x = net.activation(net.norm(net.conv(x, inner, 1)), activation)
        x = net.activation(net.norm(net.conv(x, inner, kernel, stride)), activation)
        return net.norm(net.conv(x, width, 1))
    for i in range(convs):
        if i:
            x = net.activation(x, activation)
        step = 1 if i else stride
        if block == "separable":
            # No batch norm in between: 2 parameters a channel that a small network misses little.
            x = net.conv(net.depthwise(x, kernel, step), width, 1)
        else:
            x = net.conv(x, width, kernel, step)
        x = net.norm(x)
    return x


def _shortcut(net: Network, x: int, width: int, stride: int, projected: bool) -> int:
    if stride == 1 and net.shapes[x][-1] == width:
        return x
    if projected:
        return net.conv(x, width, 1, stride)
    if stride > 1:
        x = net.pool(x, "average", stride, keep_edge=True)
    return net.fit_channels(x, width)
