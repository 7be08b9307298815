"""The models whose training is measured, one a family."""

from __future__ import annotations

from typing import Any

_PLAIN = {"block": "plain", "stages": 3}

MODELS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "dense": [
        ("search_spaces.dense:DenseSpace", {"depth": 1, "units_0": 12}),
        ("search_spaces.dense:DenseSpace", {"depth": 2, "units_0": 200, "units_1": 64}),
    ],
    "cnn": [
        (
            "search_spaces.cnn:ConvSpace",
            {"depth": 2, "width_0": 16, "width_1": 24, "batch_norm": True},
        ),
        (
            "search_spaces.cnn:ConvSpace",
            {"depth": 2, "width_0": 24, "width_1": 48, "head": "flatten", "batch_norm": False},
        ),
    ],
    "resnet": [
        ("search_spaces.resnet:ResidualSpace", {}),
        (
            "search_spaces.resnet:ResidualSpace",
            _PLAIN | {"stem_width": 6, "width_0": 6, "width_1": 10, "width_2": 18},
        ),
        (
            "search_spaces.resnet:ResidualSpace",
            _PLAIN
            | {"stem_width": 16, "width_0": 16, "width_1": 32, "width_2": 64}
            | {"shortcut": "projection"},
        ),
    ],
}
"""Small and larger models of each family: search space, and what differs from its defaults."""
