"""The models that are compared, as Keras and as PyTorch models of the same operations."""

from __future__ import annotations

from typing import Any

IMAGE = (32, 32, 3)
CLASSES = 10
HORIZON = 25
BATCH = 128

_FIXED = {"batch_size": BATCH, "weight_decay": 0.0, "schedule": "constant"}
_PLAIN_CNN = {"depth": 2, "convs": 1, "kernel": 3, "activation": "relu", "optimizer": "adam"}
_PLAIN_RESNET = {"block": "plain", "stages": 3, "optimizer": "sgd"}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "dense 600 k": (
        "search_spaces.dense:DenseSpace",
        {"depth": 2, "units_0": 200, "units_1": 64, "optimizer": "adam"},
    ),
    "conv 40 k": (
        "search_spaces.cnn:ConvSpace",
        _PLAIN_CNN
        | {"width_0": 24, "width_1": 48, "pooling": "max", "head": "flatten", "batch_norm": False},
    ),
    "conv 4 k": (
        "search_spaces.cnn:ConvSpace",
        _PLAIN_CNN | {"width_0": 16, "width_1": 24, "head": "global_average", "batch_norm": True},
    ),
    "residual 7 k": (
        "search_spaces.resnet:ResidualSpace",
        _PLAIN_RESNET | {"stem_width": 6, "width_0": 6, "width_1": 10, "width_2": 18},
    ),
    "residual 7 k, separable": ("search_spaces.resnet:ResidualSpace", {}),
    "residual 78 k": (
        "search_spaces.resnet:ResidualSpace",
        _PLAIN_RESNET
        | {"stem_width": 16, "width_0": 16, "width_1": 32, "width_2": 64, "shortcut": "projection"},
    ),
}
"""Search space, and the values that differ from its defaults."""


def space(case: str, images: int, horizon: int = HORIZON, **changed: Any) -> tuple[Any, Any]:
    """The search space of a case, for so many training images, and its model's hyperparameters."""
    import keras_tuner

    from tuner.spaces.loading import load_space

    where, values = CASES[case]
    made = load_space(
        where, input_shape=IMAGE, num_classes=CLASSES, train_size=images, horizon=horizon,
        options={},
    )  # fmt: skip
    hp = keras_tuner.HyperParameters()
    hp.values.update(_FIXED | values | changed)
    return made, hp


def keras_model(case: str, images: int, horizon: int = HORIZON, **changed: Any) -> Any:
    """The compiled Keras model of a case, some of its values changed."""
    made, hp = space(case, images, horizon, **changed)
    return made.build(hp)


def torch_model(case: str, images: int) -> tuple[Any, Any]:
    """The same operations as a PyTorch module, channels last, and its optimizer."""
    import torch

    made, hp = space(case, images)
    recipe, network = made.describe(hp)
    module = _Graph(network).to(memory_format=torch.channels_last)
    if recipe.optimizer == "adam":
        return module, torch.optim.Adam(module.parameters(), recipe.adam_rate)
    return module, torch.optim.SGD(
        module.parameters(), recipe.sgd_rate, momentum=0.9, nesterov=True
    )


def _Graph(network: Any) -> Any:  # noqa: N802 - a class, made once PyTorch may be imported
    import torch
    from torch import nn
    from torch.nn import functional as fn

    def same(size: int, kernel: int, stride: int) -> tuple[int, int]:
        """TensorFlow's padding `same`: what is odd goes to the end."""
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2

    class Same(nn.Module):
        def __init__(self, shape: tuple[int, ...], filters: int, kernel: int, stride: int,
                     bias: bool, groups: int) -> None:  # fmt: skip
            super().__init__()
            height, width, channels = shape
            down, across = same(height, kernel, stride), same(width, kernel, stride)
            even = down[0] == down[1] and across[0] == across[1]
            self.pad = None if even else (*across, *down)
            self.conv = nn.Conv2d(
                channels, filters, kernel, stride, (down[0], across[0]) if even else 0,
                groups=groups, bias=bias,
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            return self.conv(x if self.pad is None else fn.pad(x, self.pad))

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers = []
            for kind, sources, settings in network.ops:
                shape = network.shapes[sources[0]] if sources else ()
                if kind == "conv":
                    filters, kernel, stride, bias = settings
                    layers.append(Same(shape, filters, kernel, stride, bias, 1))
                elif kind == "depthwise":
                    layers.append(Same(shape, shape[-1], *settings, False, shape[-1]))
                elif kind == "norm":
                    layers.append(nn.BatchNorm2d(shape[-1], eps=1e-3))
                elif kind == "dense":
                    layers.append(nn.Linear(shape[0], settings[0], settings[1]))
                elif kind == "activation":
                    layers.append({"relu": nn.ReLU(), "silu": nn.SiLU()}[settings[0]])
                else:
                    layers.append(nn.Identity())
            self.layers = nn.ModuleList(layers)

        def forward(self, x: Any) -> Any:
            done: list[Any] = []
            for (kind, sources, settings), layer in zip(network.ops, self.layers, strict=True):
                if kind == "input":
                    done.append(x.float() / 64 - 2.0)
                elif kind == "add":
                    done.append(done[sources[0]] + done[sources[1]])
                elif kind == "pool":
                    pool = fn.max_pool2d if settings[0] == "max" else fn.avg_pool2d
                    done.append(pool(done[sources[0]], settings[1], ceil_mode=settings[2]))
                elif kind == "global_average":
                    done.append(done[sources[0]].mean((2, 3)))
                elif kind == "flatten":
                    done.append(done[sources[0]].flatten(1))
                elif kind == "fit_channels":
                    done.append(fn.pad(done[sources[0]], (0, 0, 0, 0, 0, settings[0])))
                else:
                    done.append(layer(done[sources[0]]))
            return done[-1]

    torch.manual_seed(0)
    return Graph()
